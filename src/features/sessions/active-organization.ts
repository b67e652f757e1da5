import type { SignedInUser } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import type { Tx } from '../../db/database.ts'
import { notFound } from '../../errors.ts'
import { findOpenMembership } from '../organizations/organizations.ts'
import { setActiveOrganization } from './queries.ts'

/** Which organization `capabilities` and the `org` claim speak of; no route under `/v1/orgs` depends on it. */
export async function chooseActiveOrganization(
  ctx: Context,
  user: SignedInUser,
  organizationId: string,
): Promise<void> {
  const membership = await findOpenMembership(ctx, user, organizationId)
  if (!membership) throw notFound('organization')
  await change.silent(ctx, user, 'which organization is looked at is nothing to tell', (tx) =>
    workIn(tx, user, membership.organization_id),
  )
}

/** The same inside a transaction that knows of the membership. */
export const workIn = (tx: Tx, { sessionId }: SignedInUser, organizationId: string): Promise<void> =>
  setActiveOrganization(tx, sessionId, organizationId)
