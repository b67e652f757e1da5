import { isDeepStrictEqual } from 'node:util'
import type { System } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import type { DisabledReason } from '../../db/webhook-tables.ts'
import type { ClaimedDelivery } from './claim-queries.ts'
import { hasOnlyFailed, lockEndpoint } from './endpoint-queries.ts'
import { changeLocked } from './endpoints.ts'

/** Why the service itself switches an endpoint off. */
export type Disabling = Exclude<DisabledReason, 'manual'>

/** An attempt's endpoint as it was when that began. */
export type Attempted = Pick<
  ClaimedDelivery,
  'organization_id' | 'endpoint_id' | 'url' | 'sealed_secret' | 'sealed_previous_secret'
>

/**
 * Switches an endpoint off for what came of an attempt, as a member would; nothing happens where it is off already, was mended
 * since the attempt began, or took something since it began failing.
 */
export async function disableEndpoint(
  ctx: Context,
  actor: System,
  attempted: Attempted,
  reason: Disabling,
): Promise<void> {
  const { organization_id: organizationId, endpoint_id: endpointId } = attempted
  await change.silent(ctx, actor, 'it may be off already', async (tx, record) => {
    const before = await lockEndpoint(tx, organizationId, endpointId)
    if (!before?.enabled) return
    if (reason === 'gone' && before.url !== attempted.url) return
    if (reason === 'unreadable_secret' && !isDeepStrictEqual(secretsOf(before), secretsOf(attempted))) return
    if (reason === 'failing' && !(await hasOnlyFailed(tx, endpointId))) return
    await changeLocked(tx, record, before, {}, reason)
  })
}

const secretsOf = (row: Pick<Attempted, 'sealed_secret' | 'sealed_previous_secret'>) => [
  row.sealed_secret,
  row.sealed_previous_secret,
]
