import type { BackendApp, ClientApp } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import { invalidInput } from '../../errors.ts'
import { equalSecrets, sha256 } from '../../lib/secrets.ts'
import { seeSession } from '../organization-sessions/sights.ts'
import { findProjectSession, type ProjectSession } from '../project-sessions/find.ts'
import { holdWhatItRestsOn, startProjectSession } from '../project-sessions/project-sessions.ts'
import { spendCode } from './queries.ts'

export type Exchange = { code: string; codeVerifier: string; redirectUrl: string }

// One answer for every reason: who guesses learns nothing.
const refused = () => invalidInput('code', 'is not valid for this request, was used before, or has expired')

/** Turns a code into a session of the app's project. A code that was shown is spent, also when what came with it is wrong. */
export async function exchangeCode(
  ctx: Context,
  app: ClientApp | BackendApp,
  { code, codeVerifier, redirectUrl }: Exchange,
): Promise<{ session: ProjectSession; token: string }> {
  const spent = await spendCode(ctx.db, app.projectId, sha256(code))
  const isProven =
    spent?.redirect_url === redirectUrl &&
    equalSecrets(spent.code_challenge, sha256(codeVerifier).toString('base64url'))
  if (!isProven) throw refused()
  const { session_id: sessionId, organization_id: organizationId, project_id: projectId } = spent
  const from = { address: spent.address, userAgent: spent.user_agent }
  const { id, token } = await change(ctx, app, async (tx, record) => {
    const userId = await holdWhatItRestsOn(tx, { sessionId, organizationId, projectId })
    if (!userId || !(await seeSession(tx, { sessionId, organizationId, ...from }))) throw refused()
    return startProjectSession(ctx, tx, record, { sessionId, userId, organizationId, projectId, ...from })
  })
  const session = await findProjectSession(ctx, id)
  if (!session) throw refused()
  return { session, token }
}
