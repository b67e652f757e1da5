import type { SignedInUser } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import { randomToken, sha256 } from '../../lib/secrets.ts'
import { isSessionRefused } from '../organization-sessions/sights.ts'
import type { ActiveProject } from '../projects/by-publishable-key.ts'
import { type CodeRequest, type Destination, withParameters } from './destination.ts'
import { insertCode, insertGrant, isAllowed } from './queries.ts'

/** `asks`: a stranger to the project, who must say so first. `refused`: its organization ended this very session. */
export type Admission = 'allowed' | 'asks' | 'refused'

/** Whether a signed-in person may go on to a project without being asked. */
export async function judgeAdmission(
  ctx: Context,
  user: SignedInUser,
  project: ActiveProject,
): Promise<Admission> {
  if (await isSessionRefused(ctx, user, project.organization_id)) return 'refused'
  const { userId } = user
  const who = { userId, organizationId: project.organization_id, projectId: project.id }
  return (await isAllowed(ctx.db, who)) ? 'allowed' : 'asks'
}

type CodeDestination = Destination & { codeRequest: CodeRequest }

/** The app's address with a code for this sign-in: good for a minute, once, and only with the verifier of the challenge. */
export async function issueCode(
  ctx: Context,
  user: SignedInUser,
  { project, redirectUrl, codeRequest }: CodeDestination,
): Promise<string> {
  const code = randomToken()
  await insertCode(ctx.db, {
    hash: sha256(code),
    organization_id: project.organization_id,
    project_id: project.id,
    session_id: user.sessionId,
    redirect_url: redirectUrl,
    code_challenge: codeRequest.codeChallenge,
    address: user.request.address,
    user_agent: user.request.userAgent,
  })
  return withParameters(redirectUrl, { code, state: codeRequest.state })
}

/** Keeps that the person lets the project know them; its organization has it on record. */
export async function grantAccess(ctx: Context, user: SignedInUser, project: ActiveProject): Promise<void> {
  const { userId } = user
  const { id: projectId, organization_id: organizationId } = project
  await change.silent(ctx, user, 'it may have been granted before', async (tx, record) => {
    const grant = { user_id: userId, organization_id: organizationId, project_id: projectId }
    if (await insertGrant(tx, grant))
      record('auth.app.granted', { organizationId, userId, target: projectId, data: { userId, projectId } })
  })
}
