import { newId } from '../../src/lib/ids.ts'
import { hmacSha256 } from '../../src/lib/secrets.ts'
import { tamper } from './tampering.ts'

type Sql = (text: string, values?: unknown[]) => Promise<unknown>
export type WrittenRow = {
  action?: string
  actorKind?: string
  actorId?: string | null
  targetId?: string | null
  requestId?: string
  details?: object
}

/** Appends rows to a stream as a change does, without one: any action, any actor. */
export async function appendRows(sql: Sql, streamId: string, rows: WrittenRow[]): Promise<void> {
  const entries = rows.map((row) => {
    const details = JSON.stringify(row.details ?? {})
    return {
      id: newId('aud'),
      action: 'project.updated',
      actorKind: 'user',
      actorId: 'usr_somebody',
      targetId: null,
      requestId: 'req_test',
      ...row,
      salt: '00ff',
      detailsMac: hmacSha256(Buffer.from('00ff', 'hex'), details).toString('hex'),
      details,
      eventId: null,
      projectId: null,
      data: {},
    }
  })
  await sql('select append_to_stream($1, $2::json)', [streamId, JSON.stringify(entries)])
}

/**
 * Writes a chain anew from a row on, as a superuser can who knows how: every hash, and the head with them, so that nothing in
 * the database tells of it. `change` is an assignment to the rows that `where` names.
 */
export async function rewriteChain(
  superuserUrl: string,
  streamId: string,
  { set, where = 'true' }: { set: string; where?: string },
): Promise<void> {
  await tamper(
    superuserUrl,
    `update audit_logs set ${set} where stream_id = '${streamId}' and ${where};
     do $$
     declare
       link audit_logs;
       previous bytea := coalesce((select hash from audit_checkpoints where stream_id = '${streamId}'), '');
     begin
       for link in select * from audit_logs where stream_id = '${streamId}' order by sequence loop
         link.previous_hash := previous;
         previous := audit_hash(previous, link);
         update audit_logs set previous_hash = link.previous_hash, hash = previous
         where stream_id = link.stream_id and sequence = link.sequence;
         update streams set head_hash = previous, audit_sequence = link.sequence where id = '${streamId}';
       end loop;
     end $$`,
  )
}

/** Makes the rows of a stream up to a number so many days older, as if they had been written then. */
export const ageRows = (superuserUrl: string, streamId: string, upTo: number, days: number) =>
  rewriteChain(superuserUrl, streamId, {
    set: `occurred_at = occurred_at - interval '${days} days'`,
    where: `sequence <= ${upTo}`,
  })
