import type { RecordEntry } from '../../change/actions.ts'
import type { Db, Tx } from '../../db/database.ts'
import { notFound } from '../../errors.ts'
import { newId } from '../../lib/ids.ts'
import type { Role } from '../../roles.ts'
import { findMemberOf, insertMembership } from './queries.ts'

export type Member = NonNullable<Awaited<ReturnType<typeof findMemberOf>>>

/** What events tell of a member. */
export const memberEventData = (member: Member) => ({
  userId: member.user_id,
  email: member.email,
  name: member.display_name,
  role: member.role,
  joinedAt: member.joined_at,
})

/** Makes somebody a member inside a transaction that holds the organization's subscription, or has just founded it. */
export async function addMember(
  tx: Tx,
  record: RecordEntry,
  { organizationId, userId, role }: { organizationId: string; userId: string; role: Role },
): Promise<Member> {
  await insertMembership(tx, { id: newId('mem'), organization_id: organizationId, user_id: userId, role })
  const member = await getMember(tx, organizationId, userId)
  record('member.added', { organizationId, target: userId, data: memberEventData(member) })
  return member
}

/** Throws `404 not_found` for everybody who is no member of this organization. */
export async function getMember(db: Db, organizationId: string, userId: string): Promise<Member> {
  const member = await findMemberOf(db, organizationId, userId)
  if (!member) throw notFound('member')
  return member
}
