import type { MemberWho } from '../../actors.ts'
import type { RecordEntry } from '../../change/actions.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import type { Db, Tx } from '../../db/database.ts'
import type { DisabledReason } from '../../db/webhook-tables.ts'
import { AppError, invalidInput, notFound } from '../../errors.ts'
import { changedFrom } from '../../lib/changed-from.ts'
import { isForeignKeyViolation } from '../../lib/foreign-key-violation.ts'
import { isId, newId } from '../../lib/ids.ts'
import { type Page, readPage } from '../../lib/pages.ts'
import { refuseAddress } from '../../lib/safe-fetch/judge-address.ts'
import { newWebhookSecret } from '../../lib/standard-webhooks.ts'
import { holdSubscription, refuseInactive, takePlace } from '../subscriptions/subscriptions.ts'
import { cancelDeliveries } from './cancel-queries.ts'
import {
  type EndpointFields,
  type EndpointRow,
  findEndpointOf,
  insertEndpoint,
  listEndpointsOf,
  lockEndpoint,
  lockEndpointsOfProject,
  markEndpointDeleted,
  updateEndpoint,
} from './endpoint-queries.ts'
import { sealEndpointSecret } from './endpoint-secrets.ts'
import { isSelectedBy } from './event-types.ts'

export type Endpoint = NonNullable<Awaited<ReturnType<typeof findEndpointOf>>>

export type NewEndpoint = {
  url: string
  description: string | null
  eventTypes: string[]
  projectId: string | null
  enabled: boolean
}

export type EndpointChange = { [Field in keyof NewEndpoint]?: NewEndpoint[Field] | undefined }

// What one statement does well within its time; the worker passes over the rest, and housekeeping cancels it.
const mostCancelled = 20_000

/** What events tell of an endpoint: never a secret. */
export const endpointEventData = (row: EndpointRow) => ({
  id: row.id,
  url: row.url,
  description: row.description,
  eventTypes: row.event_types,
  projectId: row.project_id,
  enabled: row.enabled,
  disabledReason: row.disabled_reason,
})

/** Takes a place of the plan for a new endpoint; its secret is in this answer and never again. */
export async function createEndpoint(ctx: Context, member: MemberWho<'webhooks.write'>, input: NewEndpoint) {
  const { organizationId } = member
  await refuseUnfitUrl(ctx, organizationId, input.url)
  const id = newId('whe')
  const secret = newWebhookSecret()
  return change(ctx, member, async (tx, record) => {
    await takePlace(ctx, tx, record, member, 'webhookEndpoints')
    await insertEndpoint(tx, {
      id,
      organization_id: organizationId,
      project_id: knownId(input.projectId),
      url: input.url,
      description: input.description,
      event_types: input.eventTypes,
      enabled: input.enabled,
      disabled_reason: input.enabled ? null : 'manual',
      sealed_secret: sealEndpointSecret(ctx, id, secret),
    }).catch(refuseUnknownProject)
    const endpoint = await getRow(tx, organizationId, id)
    record('webhook_endpoint.created', { organizationId, target: id, data: endpointEventData(endpoint) })
    return { endpoint, secret }
  })
}

export async function getEndpoint(
  ctx: Context,
  member: MemberWho<'webhooks.read'> | MemberWho<'webhooks.write'>,
  id: string,
) {
  return getRow(ctx.db, member.organizationId, id)
}

/** Endpoints of the member's organization, newest first. */
export async function listEndpoints(ctx: Context, member: MemberWho<'webhooks.read'>, page: Page) {
  const { organizationId } = member
  return readPage(ctx, `webhook endpoints ${organizationId}`, page, (keyset) =>
    listEndpointsOf(ctx.db, organizationId, keyset),
  )
}

/**
 * Changes the given fields. Switching off cancels what is still to be sent; switching on and whatever widens needs a live
 * subscription, and begins with nothing to send.
 */
export async function changeEndpoint(
  ctx: Context,
  member: MemberWho<'webhooks.write'>,
  id: string,
  fields: EndpointChange,
): Promise<Endpoint> {
  const { organizationId } = member
  if (fields.url !== undefined) await refuseUnfitUrl(ctx, organizationId, fields.url)
  return change(ctx, member, async (tx, record) => {
    const subscription = await holdSubscription(tx, member)
    const before = await getLockedEndpoint(tx, organizationId, id)
    if (widens(before, fields)) refuseInactive(subscription)
    const isSwitched = fields.enabled !== undefined && fields.enabled !== before.enabled
    const switched = isSwitched ? (fields.enabled ? 'on' : 'manual') : undefined
    await changeLocked(tx, record, before, columnsOf(fields), switched)
    return getRow(tx, organizationId, id)
  })
}

/** Changes an endpoint that the caller locked, and cancels what is open where it is switched. */
export async function changeLocked(
  tx: Tx,
  record: RecordEntry,
  before: EndpointRow,
  fields: EndpointFields,
  switched: 'on' | DisabledReason | undefined,
): Promise<void> {
  const after = await updateEndpoint(tx, before.id, fields, switched).catch(refuseUnknownProject)
  if (switched) {
    const cancelled = await cancelDeliveries(tx, before.id, mostCancelled)
    if (switched === 'on' && cancelled === mostCancelled) throw stillCancelling()
  }
  const data = endpointEventData(after)
  const previous = changedFrom(endpointEventData(before), data)
  const action = switched && switched !== 'on' ? 'webhook_endpoint.disabled' : 'webhook_endpoint.updated'
  record(action, { organizationId: before.organization_id, target: after.id, data, previous })
}

/** Deletes an endpoint and cancels what is still to be sent to it; what was sent stays to be read. */
export async function deleteEndpoint(
  ctx: Context,
  member: MemberWho<'webhooks.write'>,
  id: string,
): Promise<void> {
  await change(ctx, member, async (tx, record) => {
    await deleteLocked(tx, record, await getLockedEndpoint(tx, member.organizationId, id))
  })
}

/** The same for the endpoints of a project that is being deleted, inside the transaction that locked the project. */
export async function deleteEndpointsOfProject(
  tx: Tx,
  record: RecordEntry,
  project: { id: string; organization_id: string },
): Promise<void> {
  for (const endpoint of await lockEndpointsOfProject(tx, project.organization_id, project.id))
    await deleteLocked(tx, record, endpoint)
}

async function deleteLocked(tx: Tx, record: RecordEntry, endpoint: EndpointRow): Promise<void> {
  await markEndpointDeleted(tx, endpoint.id)
  await cancelDeliveries(tx, endpoint.id, mostCancelled)
  record('webhook_endpoint.deleted', {
    organizationId: endpoint.organization_id,
    target: endpoint.id,
    data: endpointEventData(endpoint),
  })
}

async function getRow(db: Db, organizationId: string, id: string): Promise<Endpoint> {
  const row = isId('whe', id) ? await findEndpointOf(db, organizationId, id) : undefined
  if (!row) throw notFound('webhook endpoint')
  return row
}

/** An endpoint of this organization, locked; undefined where it is deleted. */
export async function findLockedEndpoint(tx: Tx, organizationId: string, id: string) {
  return isId('whe', id) ? lockEndpoint(tx, organizationId, id) : undefined
}

/** The same; throws `404 not_found`. */
export async function getLockedEndpoint(tx: Tx, organizationId: string, id: string) {
  const row = await findLockedEndpoint(tx, organizationId, id)
  if (!row) throw notFound('webhook endpoint')
  return row
}

function columnsOf({ url, description, eventTypes, projectId }: EndpointChange): EndpointFields {
  const project_id = projectId && knownId(projectId)
  const columns = { url, description, event_types: eventTypes, project_id }
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined))
}

const widens = (before: EndpointRow, { enabled, eventTypes = [], projectId }: EndpointChange) =>
  (enabled && !before.enabled) ||
  eventTypes.some((type) => !isSelectedBy(before.event_types, type)) ||
  (projectId !== undefined && before.project_id !== null && projectId !== before.project_id)

/** Resolving takes time, so this comes before a transaction. What is wrong with an address is for our log alone. */
async function refuseUnfitUrl(ctx: Context, organizationId: string, url: string): Promise<void> {
  const reason = await refuseAddress(url, ctx.config.webhooks.addressRules)
  if (reason === undefined) return
  ctx.log.info({ organizationId, reason }, 'the address of a webhook endpoint was refused')
  throw invalidInput('url', 'address not allowed')
}

const unknownProject = () => invalidInput('projectId', 'is no project of this organization')

function knownId(projectId: string | null): string | null {
  if (projectId !== null && !isId('app', projectId)) throw unknownProject()
  return projectId
}

function refuseUnknownProject(error: unknown): never {
  throw isForeignKeyViolation(error) ? unknownProject() : error
}

const stillCancelling = () =>
  new AppError('conflict', 'Deliveries from before are still being cancelled. Try again in some minutes.')
