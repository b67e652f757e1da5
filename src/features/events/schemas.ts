import { z } from 'zod'
import { feedOf, shownId, streamSequence, time } from '../../http/schemas.ts'
import { eventBody } from './event-body.ts'
import type { listEvents } from './events.ts'

const Event = z
  .object({
    id: shownId('evt'),
    type: z.string().meta({ example: 'project.created' }),
    timestamp: time,
    sequence: streamSequence,
    organization: z.object({ id: shownId('org'), slug: z.string().meta({ example: 'seqn' }) }).nullable(),
    data: z
      .record(z.string(), z.unknown())
      .describe('What the event is about; `previous` has what was different before')
      .meta({ example: { id: 'app_01k9x3v7tqe4m8z2c6w5r0h1jd', name: 'SEQN Console' } }),
    truncated: z.literal(true).optional().describe('Too large to be told whole: `data` has but ids'),
  })
  .meta({ id: 'Event' })

export const EventPage = feedOf(Event)

/** A page as its text: each event to the letter as webhooks send it. */
export const eventPage = ({ rows, nextCursor }: Awaited<ReturnType<typeof listEvents>>): string =>
  `{"data":[${rows.map(eventBody).join(',')}],"nextCursor":${JSON.stringify(nextCursor)}}`
