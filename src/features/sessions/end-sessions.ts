import type { RecordEntry } from '../../change/actions.ts'
import type { Tx } from '../../db/database.ts'
import { endProjectSessions } from '../project-sessions/project-sessions.ts'
import { revokeSessionsById } from './queries.ts'

/** Ends these sessions, whoever's they are, inside a transaction. */
export async function endSessionsById(
  tx: Tx,
  record: RecordEntry,
  sessionIds: string[],
  reason: 'revoked',
): Promise<void> {
  const ended = await revokeSessionsById(tx, sessionIds)
  for (const { id, user_id: userId } of ended)
    record('session.revoked', { userId, target: id, data: { id, userId, reason } })
  await endProjectSessions(tx, record, { sessionIds }, reason)
}
