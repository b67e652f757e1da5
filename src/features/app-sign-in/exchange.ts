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
  // Spent in the same change: a code is not lost with a connection, and one that does not fit is spent with nothing begun.
  const begun = await change.silent(ctx, app, 'the code may not fit', async (tx, record) => {
    const spent = await spendCode(tx, app.projectId, sha256(code))
    const isProven =
      spent?.redirect_url === redirectUrl &&
      equalSecrets(spent.code_challenge, sha256(codeVerifier).toString('base64url'))
    if (!isProven) return undefined
    const { session_id: sessionId, organization_id: organizationId, project_id: projectId } = spent
    const from = { address: spent.address, userAgent: spent.user_agent }
    const userId = await holdWhatItRestsOn(tx, { sessionId, organizationId, projectId })
    if (!userId || !(await seeSession(ctx, tx, { sessionId, organizationId, ...from }))) return undefined
    const whose = { sessionId, userId, organizationId, projectId, ...from }
    const { id, token } = await startProjectSession(ctx, tx, record, whose)
    const session = await findProjectSession(ctx, tx, id)
    return session && { session, token }
  })
  if (!begun) throw refused()
  return begun
}
