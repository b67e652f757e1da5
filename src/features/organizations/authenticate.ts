import type { OrganizationMember } from '../../actors.ts'
import { notFound } from '../../errors.ts'
import type { Authenticate } from '../../http/audiences.ts'
import { admitSession } from '../organization-sessions/sights.ts'
import { authenticateUser } from '../sessions/authenticate.ts'
import { findMembership } from './organizations.ts'

/** A signed-in member of the organization in the path; to anybody else it does not exist, and a session that it ended is none. */
export const authenticateMember: Authenticate = async (ctx, incoming): Promise<OrganizationMember> => {
  const user = await authenticateUser(ctx, incoming)
  const membership = await findMembership(ctx, user, incoming.params.org ?? '')
  if (!membership) throw notFound('organization')
  await admitSession(ctx, user, membership.organization_id)
  return { ...user, organizationId: membership.organization_id, role: membership.role }
}
