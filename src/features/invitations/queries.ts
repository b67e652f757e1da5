import { sql } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import type { InvitationStatus } from '../../db/invitation-tables.ts'
import type { RoleName } from '../../db/schema.ts'

// The time of the statement, not of its transaction, which may have waited for the subscription: of two that judge one after the
// other the later one never finds open what the first found expired, so the place of such an invitation is given away once.
const isOver = sql<boolean>`invitations.expires_at <= statement_timestamp()`
const isInTime = sql<boolean>`invitations.expires_at > statement_timestamp()`

/** Invitations with who vouches for them; their status as it is at this moment. */
const invitations = (db: Db) =>
  db
    .selectFrom('invitations')
    .leftJoin('users as inviter', 'inviter.id', 'invitations.invited_by')
    .selectAll('invitations')
    .select(
      sql<InvitationStatus>`case when invitations.status = 'pending' and ${isOver} then 'expired'
        else invitations.status end`.as('status_now'),
    )
    .select(['inviter.email as inviter_email', 'inviter.display_name as inviter_name'])

type NewInvitation = {
  id: string
  organization_id: string
  role: RoleName
  email: string | null
  token_hash: Buffer
  max_uses: number
  invited_by: string
}

const inDays = (days: number) => sql<Date>`now() + make_interval(days => ${days})`

/** False when there is an open invitation for the same address. */
export async function insertInvitation(tx: Tx, row: NewInvitation, days: number): Promise<boolean> {
  const inserted = await tx
    .insertInto('invitations')
    .values({ ...row, expires_at: inDays(days) })
    .onConflict((conflict) =>
      conflict.columns(['organization_id', 'email']).where('status', '=', 'pending').doNothing(),
    )
    .returning('id')
    .executeTakeFirst()
  return inserted !== undefined
}

export async function findInvitation(db: Db, organizationId: string, id: string) {
  return invitations(db)
    .where('invitations.organization_id', '=', organizationId)
    .where('invitations.id', '=', id)
    .executeTakeFirst()
}

/** The same, kept from changing until the end of `tx`. */
export async function lockInvitation(tx: Tx, organizationId: string, id: string) {
  return invitations(tx)
    .where('invitations.organization_id', '=', organizationId)
    .where('invitations.id', '=', id)
    .forUpdate('invitations')
    .executeTakeFirst()
}

/** How many invitations of an organization nobody has ended, counted up to `most`. */
export async function countPending(tx: Tx, organizationId: string, most: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from (
      select from invitations where organization_id = ${organizationId} and status = 'pending' limit ${most}) open`.execute(
    tx,
  )
  return rows[0]?.count ?? 0
}

type Keyset = { most: number; before: string | undefined }

/** An organization's invitations, of one status or all, newest first, after the one with id `before`. */
export async function listInvitationsOf(
  db: Db,
  organizationId: string,
  status: InvitationStatus | undefined,
  keyset: Keyset,
) {
  const ids = status ? idsNow(organizationId, status, keyset) : idsOf(sql`${organizationId}`, keyset)
  return invitations(db)
    .where('invitations.id', 'in', sql<string>`(${ids})`)
    .orderBy('invitations.id', 'desc')
    .limit(keyset.most)
    .execute()
}

/** What expired since housekeeping came by is few, and found by its time. */
function idsNow(organizationId: string, status: InvitationStatus, keyset: Keyset) {
  const ofStatus = sql`${organizationId} and status = ${status}`
  if (status === 'pending') return idsOf(sql`${ofStatus} and ${isInTime}`, keyset)
  if (status !== 'expired') return idsOf(ofStatus, keyset)
  return sql<string>`(${idsOf(ofStatus, keyset)}) union all
    select id from invitations where organization_id = ${organizationId} and status = 'pending' and ${isOver}
      ${isBefore(keyset)}`
}

const idsOf = (ofOrganization: ReturnType<typeof sql>, keyset: Keyset) =>
  sql<string>`select id from invitations where organization_id = ${ofOrganization} ${isBefore(keyset)}
    order by id collate "C" desc limit ${keyset.most}`

const isBefore = ({ before }: Keyset) => (before === undefined ? sql`` : sql`and id collate "C" < ${before}`)

/** An invitation of an organization that exists, by the hash of its token, with what its page tells. */
export async function findInvitationByToken(db: Db, tokenHash: Buffer) {
  return invitations(db)
    .innerJoin('organizations', 'organizations.id', 'invitations.organization_id')
    .select(['organizations.slug as organization_slug', 'organizations.name as organization_name'])
    .where('invitations.token_hash', '=', tokenHash)
    .where('organizations.deleted_at', 'is', null)
    .executeTakeFirst()
}

/** The role of a member who is not disabled; whoever holds the organization's subscription keeps it what it is. */
export async function findRole(
  db: Db,
  organizationId: string,
  userId: string,
): Promise<RoleName | undefined> {
  const row = await db
    .selectFrom('memberships')
    .innerJoin('users', 'users.id', 'memberships.user_id')
    .select('memberships.role')
    .where('memberships.organization_id', '=', organizationId)
    .where('memberships.user_id', '=', userId)
    .where('users.disabled_at', 'is', null)
    .executeTakeFirst()
  return row?.role
}

export async function isMember(db: Db, organizationId: string, userId: string): Promise<boolean> {
  const row = await db
    .selectFrom('memberships')
    .select('id')
    .where('organization_id', '=', organizationId)
    .where('user_id', '=', userId)
    .executeTakeFirst()
  return row !== undefined
}

/** Whether somebody with this address is a member. */
export async function isMemberAddress(db: Db, organizationId: string, email: string): Promise<boolean> {
  const row = await db
    .selectFrom('memberships')
    .innerJoin('users', 'users.id', 'memberships.user_id')
    .select('memberships.id')
    .where('memberships.organization_id', '=', organizationId)
    .where('users.email', '=', email)
    .executeTakeFirst()
  return row !== undefined
}

/**
 * Uses an invitation once, if this token still opens it: judged in one statement, so that no use is given away twice. Returns
 * what it is then.
 */
export async function spendInvitation(tx: Tx, { id, token_hash }: { id: string; token_hash: Buffer }) {
  return tx
    .updateTable('invitations')
    .set({
      uses: sql`uses + 1`,
      status: sql<InvitationStatus>`case when uses + 1 = max_uses then 'accepted' else status end`,
    })
    .where('id', '=', id)
    .where('token_hash', '=', token_hash)
    .where('status', '=', 'pending')
    .where(isInTime)
    .returningAll()
    .executeTakeFirst()
}

/** Ends an invitation that is locked. */
export async function markRevoked(tx: Tx, id: string): Promise<void> {
  await tx.updateTable('invitations').set({ status: 'revoked' }).where('id', '=', id).execute()
}

/** Ends the open invitations that somebody made with other roles than these, and tells which. */
export async function markRevokedBy(
  tx: Tx,
  organizationId: string,
  userId: string,
  except: readonly RoleName[],
) {
  return tx
    .updateTable('invitations')
    .set({ status: 'revoked' })
    .where('organization_id', '=', organizationId)
    .where('invited_by', '=', userId)
    .where('status', '=', 'pending')
    .$if(except.length > 0, (query) => query.where('role', 'not in', [...except]))
    .returningAll()
    .execute()
}

/** A new token and a new time under somebody else's name; the token before opens nothing any more. */
export async function renewInvitation(
  tx: Tx,
  id: string,
  { token_hash, invited_by }: { token_hash: Buffer; invited_by: string },
  days: number,
): Promise<void> {
  await tx
    .updateTable('invitations')
    .set({ token_hash, invited_by, status: 'pending', expires_at: inDays(days) })
    .where('id', '=', id)
    .execute()
}

/** Writes down which invitations for an address have expired, so that there can be another. */
export async function expireInvitationsFor(tx: Tx, organizationId: string, email: string): Promise<void> {
  await tx
    .updateTable('invitations')
    .set({ status: 'expired' })
    .where('organization_id', '=', organizationId)
    .where('email', '=', email)
    .where('status', '=', 'pending')
    .where(isOver)
    .execute()
}

/** Writes down which invitations have expired, a bounded number at a time; returns how many. */
export async function expireInvitations(db: Db, most: number): Promise<number> {
  const { numAffectedRows } = await sql`update invitations set status = 'expired' where id in (
    select id from invitations where status = 'pending' and ${isOver}
    limit ${most} for no key update skip locked)`.execute(db)
  return Number(numAffectedRows ?? 0)
}
