import type { SignedInUser } from '../../actors.ts'
import type { RecordEntry } from '../../change/actions.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import type { Tx } from '../../db/database.ts'
import { notFound } from '../../errors.ts'
import { isId, newId } from '../../lib/ids.ts'
import { type Page, readPage } from '../../lib/pages.ts'
import { newSessionToken } from '../sessions/tokens.ts'
import {
  holdFoundations,
  insertProjectSession,
  insertToken,
  listProjectSessionsOf,
  revokeProjectSessions,
  revokeSessionsOfProject,
  type Which,
} from './queries.ts'

export type StartedProjectSession = { id: string; token: string }

type SignIn = {
  sessionId: string
  userId: string
  organizationId: string
  projectId: string
  /** The browser in which the person signed in, whoever exchanged the code. */
  address: string
  userAgent: string | null
}

/** Holds what a project session of this sign-in rests on until the end of a transaction; undefined when part of it is gone. */
export const holdWhatItRestsOn = (
  tx: Tx,
  what: Pick<SignIn, 'sessionId' | 'organizationId' | 'projectId'>,
): Promise<string | undefined> => holdFoundations(tx, what)

/** Begins a project's session inside the transaction that judged whether the person may; its organization alone hears of it. */
export async function startProjectSession(
  ctx: Context,
  tx: Tx,
  record: RecordEntry,
  { sessionId, userId, organizationId, projectId, address, userAgent }: SignIn,
): Promise<StartedProjectSession> {
  const { token, hash } = newSessionToken(ctx.config)
  const id = newId('ses')
  await insertProjectSession(tx, {
    id,
    session_id: sessionId,
    organization_id: organizationId,
    project_id: projectId,
    user_id: userId,
    address,
    user_agent: userAgent,
  })
  await insertToken(tx, id, hash)
  record('session.created', { organizationId, userId, target: id, data: { id, userId, projectId } })
  return { id, token }
}

/** Ends project sessions inside a transaction; their organizations hear of each. Returns how many. */
export async function endProjectSessions(
  tx: Tx,
  record: RecordEntry,
  which: Which,
  reason: string,
): Promise<number> {
  const ended = await revokeProjectSessions(tx, which)
  for (const { id, user_id: userId, project_id: projectId, organization_id: organizationId } of ended) {
    record('session.revoked', { organizationId, userId, target: id, data: { id, userId, projectId, reason } })
  }
  return ended.length
}

/** Ends all sessions of a project that is being switched off. */
export const endSessionsOfProject = (tx: Tx, projectId: string) => revokeSessionsOfProject(tx, projectId)

export type OwnProjectSession = Awaited<ReturnType<typeof listProjectSessionsOf>>[number]

/** Where the caller is signed in with this account, newest first. */
export async function listOwnProjectSessions(ctx: Context, { userId }: SignedInUser, page: Page) {
  const { idleDays } = ctx.config.session
  return readPage(ctx, `project sessions ${userId}`, page, (keyset) =>
    listProjectSessionsOf(ctx.db, userId, { idleDays, ...keyset }),
  )
}

/** Signs the caller out of one app; a stranger's session is as unknown as one that does not exist. */
export async function revokeOwnProjectSession(ctx: Context, user: SignedInUser, id: string): Promise<void> {
  await change(ctx, user, async (tx, record) => {
    const which = { userId: user.userId, id }
    const ended = isId('ses', id) ? await endProjectSessions(tx, record, which, 'revoked') : 0
    if (ended === 0) throw notFound('session')
  })
}
