import type { RecordEntry } from '../../change/actions.ts'
import type { Tx } from '../../db/database.ts'
import { notFound } from '../../errors.ts'
import { changedFrom } from '../../lib/changed-from.ts'
import { isId } from '../../lib/ids.ts'
import { endSessions } from '../sessions/sessions.ts'
import { lockUserIfAny, updateDisabled } from './queries.ts'
import { eventData } from './users.ts'

/** Lets a person sign in no more and ends all their sessions, inside a transaction; a second time changes nothing. */
export async function disableUser(tx: Tx, record: RecordEntry, id: string): Promise<void> {
  const before = await lock(tx, id)
  // Whoever signs in at this moment holds the same row: their session has begun by now, or never does.
  if (before.disabled_at) return
  const after = await updateDisabled(tx, id, true)
  record('user.disabled', { userId: id, target: id, data: eventData(after) })
  record('platform.user.disabled', { target: id })
  await endSessions(tx, record, id, { reason: 'user_disabled' })
}

/** Lets a disabled person sign in again, inside a transaction; sessions that ended stay so. */
export async function enableUser(tx: Tx, record: RecordEntry, id: string): Promise<void> {
  const before = await lock(tx, id)
  if (!before.disabled_at) return
  const data = eventData(await updateDisabled(tx, id, false))
  record('user.updated', { userId: id, target: id, data, previous: changedFrom(eventData(before), data) })
  record('platform.user.enabled', { target: id })
}

async function lock(tx: Tx, id: string) {
  const user = isId('usr', id) ? await lockUserIfAny(tx, id) : undefined
  if (!user) throw notFound('user')
  return user
}
