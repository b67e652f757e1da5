export type EventRow = {
  id: string
  type: string
  occurred_at: Date
  sequence: number
  organization: { id: string; slug: string } | null
  data: unknown
}

const mostBytes = 20_480

/**
 * What customers are told of an event, in webhooks and in the feed: the same text whenever it is made. Of what is too large
 * first the `previous` fields are left out, then everything but ids.
 */
export function eventBody({ id, type, occurred_at, sequence, organization, data }: EventRow): string {
  const head = { id, type, timestamp: occurred_at.toISOString(), sequence, organization }
  const whole = JSON.stringify({ ...head, data })
  if (fits(whole)) return whole
  const { previous: _, ...now } = data as Record<string, unknown>
  const withoutPrevious = JSON.stringify({ ...head, data: now })
  if (fits(withoutPrevious)) return withoutPrevious
  return JSON.stringify({ ...head, data: idsIn(now), truncated: true })
}

const fits = (text: string) => Buffer.byteLength(text) <= mostBytes

/** `id` and what is named `userId` and the like, of a resource that may be anything. */
function idsIn(data: Record<string, unknown>): Record<string, unknown> {
  const ids = Object.entries(data).filter(
    ([name, value]) => /^id$|Id$/.test(name) && typeof value === 'string' && value.length <= 100,
  )
  return Object.fromEntries(ids.slice(0, 20))
}
