import type { Context } from '../../context.ts'
import type { BatchWriter } from '../../lib/batches.ts'
import { markSightsSeen } from './queries.ts'

type Place = { sessionId: string; organizationId: string; address?: string; userAgent?: string | null }

const writer: BatchWriter<Context, Place> = {
  everyMs: 5_000,
  most: 50_000,
  write: (ctx, entries) =>
    markSightsSeen(
      ctx.db,
      [...entries.values()].map((place) => ({
        session_id: place.sessionId,
        organization_id: place.organizationId,
        address: place.address ?? null,
        user_agent: place.userAgent ?? null,
      })),
    ),
}

/** Notes that an organization saw a session again; where from is only told by the person's own requests. */
export function noteSessionSeen(ctx: Context, place: Place): void {
  ctx.batches.add(writer, `${place.sessionId} ${place.organizationId}`, place)
}
