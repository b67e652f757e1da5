import type { Anyone } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import { addPassword } from '../credentials/credentials.ts'
import { hashPassword, refuseCommonPassword } from '../credentials/password.ts'
import { foundOrganization, type NewOrganization } from '../organizations/organizations.ts'
import { type ReplacedSession, type StartedSession, startSession } from '../sessions/sessions.ts'
import { addUser } from '../users/users.ts'

export type Registration = {
  email: string
  password: string
  displayName: string | null
  organization: NewOrganization
}

/** Signs a person up: user, organization, owner membership, Free subscription and session, all or nothing. */
export async function register(
  ctx: Context,
  anyone: Anyone,
  input: Registration,
  replaced: ReplacedSession | undefined,
): Promise<StartedSession> {
  refuseCommonPassword('password', input.password)
  const hash = await hashPassword(ctx, input.password)
  return change(ctx, anyone, async (tx, record) => {
    const user = await addUser(tx, record, input)
    await addPassword(tx, user.id, hash)
    await foundOrganization(tx, record, user.id, input.organization)
    return startSession(ctx, tx, record, anyone, { userId: user.id, authMethod: 'password', replaced })
  })
}
