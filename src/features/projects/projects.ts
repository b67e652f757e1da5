import type { MemberWho, OrganizationMember } from '../../actors.ts'
import type { RecordEntry } from '../../change/actions.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import type { Tx } from '../../db/database.ts'
import { AppError, notFound } from '../../errors.ts'
import { changedFrom } from '../../lib/changed-from.ts'
import { isReference, newId } from '../../lib/ids.ts'
import { type Page, readPage } from '../../lib/pages.ts'
import { randomLetters } from '../../lib/secrets.ts'
import { slugFrom } from '../../lib/slug.ts'
import { isUniqueViolation } from '../../lib/unique-violation.ts'
import { newPublishableKey } from '../keys/key-format.ts'
import { addSecretKey, keysByProject } from '../keys/keys.ts'
import { endSessionsOfProject } from '../project-sessions/project-sessions.ts'
import { holdSubscription, refuseInactive, takePlace } from '../subscriptions/subscriptions.ts'
import { deleteEndpointsOfProject } from '../webhooks/endpoints.ts'
import {
  deleteProjectRow,
  findProjectOf,
  insertProject,
  listProjectsOf,
  lockProject,
  type ProjectFields,
  updateProject,
} from './queries.ts'

export type ProjectRow = NonNullable<Awaited<ReturnType<typeof findProjectOf>>>
export type Keys = Awaited<ReturnType<typeof keysByProject>> extends Map<string, infer List> ? List : never
export type Project = { row: ProjectRow; keys: Keys }

export type NewProject = {
  name: string
  slug?: string | undefined
  redirectUrls: string[]
  origins: string[]
  afterSignInUrl: string | null
  afterSignUpUrl: string | null
}

/** What events tell of a project: its facts, never a key. */
export const projectEventData = (row: ProjectRow) => ({
  id: row.id,
  slug: row.slug,
  name: row.name,
  status: row.status,
  publishableKey: row.publishable_key,
  redirectUrls: row.redirect_urls,
  origins: row.origins,
  afterSignInUrl: row.after_sign_in_url,
  afterSignUpUrl: row.after_sign_up_url,
})

const slugTaken = () =>
  new AppError('conflict', 'This organization has a project with this slug.', {
    details: [{ path: 'slug', message: 'is taken' }],
  })

/** Adds a project and its first secret key inside a transaction that holds a place for it. A given slug that is taken is a conflict. */
export async function addProject(
  tx: Tx,
  record: RecordEntry,
  owner: { organizationId: string; userId: string },
  input: NewProject,
) {
  const { organizationId, userId } = owner
  const slug = slugFrom(input.name, 'project')
  const project = {
    id: newId('app'),
    organization_id: organizationId,
    name: input.name,
    publishable_key: newPublishableKey(),
    redirect_urls: input.redirectUrls,
    origins: input.origins,
    after_sign_in_url: input.afterSignInUrl,
    after_sign_up_url: input.afterSignUpUrl,
  }
  const row =
    (await insertProject(tx, { ...project, slug: input.slug ?? slug })) ??
    (input.slug === undefined
      ? await insertProject(tx, { ...project, slug: `${slug}-${randomLetters(6)}` })
      : undefined)
  if (!row) throw slugTaken()
  const added = await addSecretKey(tx, { organizationId, projectId: row.id, createdBy: userId })
  record('project.created', { organizationId, target: row.id, data: projectEventData(row) })
  return { project: { row, keys: [added.row] }, secretKey: added.secretKey }
}

/** Takes a place of the plan for a new project; its secret key is in this answer and never again. */
export async function createProject(ctx: Context, member: MemberWho<'projects.write'>, input: NewProject) {
  return change(ctx, member, async (tx, record) => {
    await takePlace(ctx, tx, record, member, 'projects')
    return addProject(tx, record, member, input)
  })
}

/** A project of the member's organization by id or slug, locked; throws `404 not_found`. */
export async function getLockedProject(
  tx: Tx,
  member: OrganizationMember,
  idOrSlug: string,
): Promise<ProjectRow> {
  const row = isReference(idOrSlug) ? await lockProject(tx, member.organizationId, idOrSlug) : undefined
  if (!row) throw notFound('project')
  return row
}

export async function getProject(
  ctx: Context,
  member: OrganizationMember,
  idOrSlug: string,
): Promise<Project> {
  const row = isReference(idOrSlug) ? await findProjectOf(ctx.db, member.organizationId, idOrSlug) : undefined
  if (!row) throw notFound('project')
  return { row, keys: (await keysByProject(ctx.db, [row.id])).get(row.id) ?? [] }
}

/** Projects of the member's organization with their keys, newest first. */
export async function listProjects(ctx: Context, member: OrganizationMember, page: Page) {
  const { organizationId } = member
  const { rows, nextCursor } = await readPage(ctx, `projects ${organizationId}`, page, (keyset) =>
    listProjectsOf(ctx.db, organizationId, keyset),
  )
  const keys = await keysByProject(
    ctx.db,
    rows.map(({ id }) => id),
  )
  return { projects: rows.map((row): Project => ({ row, keys: keys.get(row.id) ?? [] })), nextCursor }
}

/** Changes the given fields. Whatever widens (switching on, a new URL) needs a live subscription; the rest always works. */
export async function changeProject(
  ctx: Context,
  member: MemberWho<'projects.write'>,
  idOrSlug: string,
  fields: ProjectFields,
): Promise<Project> {
  return change(ctx, member, async (tx, record) => {
    const subscription = await holdSubscription(tx, member)
    const before = await getLockedProject(tx, member, idOrSlug)
    if (widens(before, fields)) refuseInactive(subscription)
    const after = await updateProject(tx, before.id, fields).catch((error: unknown) => {
      throw isUniqueViolation(error) ? slugTaken() : error
    })
    const switched = after.status !== before.status
    const action = switched
      ? after.status === 'active'
        ? 'project.enabled'
        : 'project.disabled'
      : 'project.updated'
    if (switched && after.status === 'disabled') await endSessionsOfProject(tx, after.id)
    const data = projectEventData(after)
    const previous = changedFrom(projectEventData(before), data)
    record(action, { organizationId: member.organizationId, target: after.id, data, previous })
    return { row: after, keys: (await keysByProject(tx, [after.id])).get(after.id) ?? [] }
  })
}

const widens = (before: ProjectRow, fields: ProjectFields): boolean =>
  (fields.status === 'active' && before.status === 'disabled') ||
  (fields.redirect_urls ?? []).some((url) => !before.redirect_urls.includes(url)) ||
  (fields.origins ?? []).some((origin) => !before.origins.includes(origin))

/** Deletes a project with its webhook endpoints; its keys are refused from the next request on. */
export async function deleteProject(
  ctx: Context,
  member: MemberWho<'projects.write'>,
  idOrSlug: string,
): Promise<void> {
  await change(ctx, member, async (tx, record) => {
    const row = await getLockedProject(tx, member, idOrSlug)
    await deleteEndpointsOfProject(tx, record, row)
    await deleteProjectRow(tx, row.id)
    record('project.deleted', {
      organizationId: member.organizationId,
      target: row.id,
      data: projectEventData(row),
    })
  })
}
