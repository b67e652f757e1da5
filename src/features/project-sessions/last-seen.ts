import type { Context } from '../../context.ts'
import type { BatchWriter } from '../../lib/batches.ts'
import { noteSessionSeen } from '../organization-sessions/last-seen.ts'
import { markSeen } from './queries.ts'

const writer: BatchWriter<Context, true> = {
  everyMs: 5_000,
  most: 50_000,
  write: (ctx, entries) => markSeen(ctx.db, [...entries.keys()]),
}

type Seen = { id: string; session_id: string; organization_id: string; is_unseen: boolean }

/** Notes that a project session is in use, and that its organization sees the person, to the minute. */
export function noteProjectSessionSeen(ctx: Context, session: Seen): void {
  if (!session.is_unseen) return
  session.is_unseen = false
  ctx.batches.add(writer, session.id, true)
  noteSessionSeen(ctx, { sessionId: session.session_id, organizationId: session.organization_id })
}
