import { system } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import type { BatchWriter } from '../../lib/batches.ts'
import { countMonthlySessions } from '../usage/monthly-sessions.ts'
import { markSightsSeen } from './queries.ts'

type Place = { sessionId: string; organizationId: string; address?: string; userAgent?: string | null }

const writer: BatchWriter<Context, Place> = {
  everyMs: 5_000,
  most: 50_000,
  async write(ctx, entries) {
    const seen = [...entries.values()].map((place) => ({
      session_id: place.sessionId,
      organization_id: place.organizationId,
      address: place.address ?? null,
      user_agent: place.userAgent ?? null,
    }))
    const reason = 'that a session was seen changes nothing, but may reach a guide'
    await change.silent(ctx, system('last-seen'), reason, async (tx, record) => {
      const first = await markSightsSeen(tx, seen)
      await countMonthlySessions(
        tx,
        record,
        first.map(({ organization_id, sessions }) => ({
          organizationId: organization_id,
          quantity: sessions,
        })),
      )
    })
  },
}

/** Notes that an organization saw a session again; where from is only told by the person's own requests. */
export function noteSessionSeen(ctx: Context, place: Place): void {
  ctx.batches.add(writer, `${place.sessionId} ${place.organizationId}`, place)
}
