import type { MemberWho, SignedInUser } from '../../actors.ts'
import type { RecordEntry } from '../../change/actions.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import type { Tx } from '../../db/database.ts'
import { AppError, invalidInput, notFound } from '../../errors.ts'
import { changedFrom } from '../../lib/changed-from.ts'
import { isReference, newId } from '../../lib/ids.ts'
import { type Page, readPage } from '../../lib/pages.ts'
import { randomLetters } from '../../lib/secrets.ts'
import { slugFrom } from '../../lib/slug.ts'
import { isUniqueViolation } from '../../lib/unique-violation.ts'
import { type Permission, roleMay, roles } from '../../roles.ts'
import { addMember } from '../members/add-member.ts'
import { admitSessionToMany, isSessionRefused } from '../organization-sessions/sights.ts'
import { holdSubscription, startFreeSubscription } from '../subscriptions/subscriptions.ts'
import {
  countOwned,
  findLastOrganization,
  findMembershipOf,
  findOrganization,
  insertOrganization,
  listAllMemberships,
  listMemberships,
  listOrganizationsByRole,
  lockOrganization,
  markOrganizationDeleted,
  updateOrganization,
} from './queries.ts'

export type NewOrganization = { name: string; slug?: string | undefined }

/** Makes organization, owner membership and Free subscription inside a transaction. A given slug that is taken is a conflict. */
export async function foundOrganization(
  tx: Tx,
  record: RecordEntry,
  ownerId: string,
  { name, slug }: NewOrganization,
) {
  const id = newId('org')
  const derived = slugFrom(name, 'workspace')
  const organization =
    (await insertOrganization(tx, { id, name, slug: slug ?? derived })) ??
    (slug === undefined
      ? await insertOrganization(tx, { id, name, slug: `${derived}-${randomLetters(6)}` })
      : undefined)
  if (!organization) throw slugTaken()
  await startFreeSubscription(tx, id)
  record('organization.created', { organizationId: id, target: id, data: eventData(organization) })
  await addMember(tx, record, { organizationId: id, userId: ownerId, role: 'owner' })
  return {
    ...organization,
    organization_id: id,
    role: 'owner' as const,
    plan_key: 'free',
    status: 'active' as const,
  }
}

const slugTaken = () =>
  new AppError('conflict', 'This slug is taken.', { details: [{ path: 'slug', message: 'is taken' }] })

type OrganizationRow = { id: string; slug: string; name: string; created_at: Date; updated_at: Date }

const eventData = (row: OrganizationRow) => ({
  id: row.id,
  slug: row.slug,
  name: row.name,
  createdAt: row.created_at,
})

export type Membership = Awaited<ReturnType<typeof listMemberships>>[number]

// What a person does as a person is written down in each of theirs: whoever had thousands could not be disabled.
const mostOwned = 100

/** Adds an organization that the caller owns; a conflict for who owns a hundred. */
export async function createOrganization(
  ctx: Context,
  user: SignedInUser,
  input: NewOrganization,
): Promise<Membership> {
  return change(ctx, user, async (tx, record) => {
    if ((await countOwned(tx, user.userId)) >= mostOwned)
      throw new AppError(
        'conflict',
        `You own ${mostOwned} organizations. Delete one, or hand one over, first.`,
      )
    return foundOrganization(tx, record, user.userId, input)
  })
}

export async function renameOrganization(
  ctx: Context,
  member: MemberWho<'org.update'>,
  fields: { name?: string | undefined; slug?: string | undefined },
): Promise<Membership> {
  return change(ctx, member, async (tx, record) => {
    const before = await lockOrganization(tx, member.organizationId)
    if (!before) throw notFound('organization')
    const after = await updateOrganization(tx, member.organizationId, fields).catch((error: unknown) => {
      throw isUniqueViolation(error) ? slugTaken() : error
    })
    const data = eventData(after)
    const previous = changedFrom(eventData(before), data)
    record('organization.updated', { organizationId: after.id, target: after.id, data, previous })
    const membership = await findMembershipOf(tx, member.userId, after.id)
    if (!membership) throw notFound('organization')
    return membership
  })
}

/** Deletes the organization for its people and keys at once; its rows go 30 days later. `confirm` must be its slug. */
export async function deleteOrganization(
  ctx: Context,
  member: MemberWho<'org.delete'>,
  confirm: string,
): Promise<void> {
  await change(ctx, member, async (tx, record) => {
    // Whoever is adding something holds the subscription: this waits, and those who come later find nothing to add to.
    await holdSubscription(tx, member)
    const organization = await lockOrganization(tx, member.organizationId)
    if (!organization) throw notFound('organization')
    if (confirm !== organization.slug) throw invalidInput('confirm', 'must be the slug of the organization')
    await markOrganizationDeleted(tx, organization.id)
    record('organization.deleted', {
      organizationId: organization.id,
      target: organization.id,
      data: eventData(organization),
    })
  })
}

/** The caller's membership in an organization given by id or slug; undefined also for text that can be neither. */
export async function findMembership(ctx: Context, user: SignedInUser, idOrSlug: string) {
  return isReference(idOrSlug) ? findMembershipOf(ctx.db, user.userId, idOrSlug) : undefined
}

/** The same, as long as the organization did not end the caller's session for itself. */
export async function findOpenMembership(ctx: Context, user: SignedInUser, idOrSlug: string) {
  const membership = await findMembership(ctx, user, idOrSlug)
  if (!membership || (await isSessionRefused(ctx, user, membership.organization_id))) return undefined
  return membership
}

/** Where a new session starts to work; null for a person without an organization. */
export const findDefaultOrganization = (tx: Tx, userId: string) => findLastOrganization(tx, userId)

/** The caller's organizations, newest first, but those that ended this session for themselves. */
export async function listOrganizations(ctx: Context, user: SignedInUser, page: Page) {
  return readPage(ctx, `organizations ${user.userId}`, page, ({ most, before }) =>
    listMemberships(ctx.db, user, { most, before }),
  )
}

/** All of the caller's organizations, newest first; beyond a thousand only the newest. */
export const listAllOrganizations = (ctx: Context, { userId, sessionId }: SignedInUser) =>
  listAllMemberships(ctx.db, { userId, sessionId })

/** Lets the caller into every organization where their role allows this, but those that ended this session; tells their ids. */
export async function enterOrganizationsWhere(ctx: Context, user: SignedInUser, permission: Permission) {
  const allowed = roles.filter((role) => roleMay(role, permission))
  return admitSessionToMany(ctx, user, await listOrganizationsByRole(ctx.db, user.userId, allowed))
}

/** The organization with this id or slug, whoever asks: for operators. */
export const findOpenOrganization = async (ctx: Context, idOrSlug: string) =>
  isReference(idOrSlug) ? findOrganization(ctx.db, idOrSlug) : undefined
