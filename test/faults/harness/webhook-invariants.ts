import { type Arrival, isAccepted } from './receivers.ts'
import type { Snapshot } from './snapshot.ts'

/** From when to when something was wrong that may cost an acknowledgement: a kill, a lost connection. */
export type Trouble = { what: string; begin: number; end: number }

export type WebhookRun = {
  arrivals: Arrival[]
  troubles: Trouble[]
  snapshot: Pick<Snapshot, 'events' | 'endpoints' | 'deliveries'>
}

/** How long after an answer it may take, on a busy machine, until it is marked. */
const markMs = 2_000

type Endpoint = Snapshot['endpoints'][number]

const wants = ({ eventTypes }: Endpoint, type: string) =>
  ['*', `${type.split('.')[0]}.*`, type].some((selector) => eventTypes.includes(selector))

/** What an endpoint has to get: of its organization's events since it is there those that it wants. */
const wantedBy = (endpoint: Endpoint, { events }: WebhookRun['snapshot']) =>
  events.filter(
    ({ stream, sequence, type }) =>
      stream === endpoint.organization && sequence >= endpoint.since && wants(endpoint, type),
  )

const told = ({ path, webhookId }: Arrival) => `${webhookId} at ${path}`

/** The arrivals of each event at each endpoint, in the order in which they began. */
function arrivalsOfDeliveries(arrivals: Arrival[]): Arrival[][] {
  const byDelivery = Map.groupBy(arrivals, told)
  return [...byDelivery.values()].map((same) => same.sort((a, b) => a.begin - b.begin))
}

/** Pairs of arrivals of one delivery of which the later should not have been, unless a trouble explains it. */
const repetitions = ({ arrivals }: Pick<WebhookRun, 'arrivals'>): [Arrival, Arrival][] =>
  arrivalsOfDeliveries(arrivals).flatMap((same) =>
    same.flatMap((later, at) => {
      const earlier = same.slice(0, at).findLast((arrival) => isAccepted(arrival) || isOpen(arrival, later))
      return earlier ? [[earlier, later] as [Arrival, Arrival]] : []
    }),
  )

const isOpen = ({ end = Number.POSITIVE_INFINITY }: Arrival, later: Arrival) => end > later.begin

const explains = ([earlier, later]: [Arrival, Arrival], { begin, end }: Trouble) =>
  begin < later.begin && begin <= (earlier.end ?? later.begin) + markMs && end >= earlier.begin

/** How many requests told what their receiver had accepted before. */
export const duplicates = (run: Pick<WebhookRun, 'arrivals'>): number => repetitions(run).length

export const webhookInvariants: Record<string, (run: WebhookRun) => string[]> = {
  'every event was accepted by every endpoint that wants it': ({ arrivals, snapshot }) => {
    const accepted = new Set(arrivals.filter(isAccepted).map(told))
    return snapshot.endpoints.flatMap((endpoint) =>
      wantedBy(endpoint, snapshot)
        .map(({ id, type }) => ({ path: endpoint.path, webhookId: id, type }) as Arrival & { type: string })
        .filter((arrival) => !accepted.has(told(arrival)))
        .map((arrival) => `${told(arrival)} (${arrival.type})`),
    )
  },

  'nobody is told what did not happen, or what is not for them': ({ arrivals, snapshot }) => {
    const right = new Set(
      snapshot.endpoints.flatMap(({ path, ...endpoint }) =>
        wantedBy({ path, ...endpoint }, snapshot).map(({ id }) => `${id} at ${path}`),
      ),
    )
    return arrivals.map(told).filter((what) => !right.has(what))
  },

  'an event reads the same whenever and wherever it is told, and as it is numbered': ({
    arrivals,
    snapshot,
  }) => {
    const events = new Map(snapshot.events.map((event) => [event.id, event]))
    const bodies = new Map<string, string>()
    return arrivals.flatMap((arrival) => {
      const { webhookId, body } = arrival
      const first = bodies.get(webhookId) ?? body
      bodies.set(webhookId, first)
      if (body !== first) return [`${told(arrival)} reads ${body} instead of ${first}`]
      const { id, type, sequence, organization } = JSON.parse(body)
      const event = events.get(webhookId)
      const isRight =
        id === webhookId &&
        type === event?.type &&
        sequence === event?.sequence &&
        organization?.id === event?.stream
      return isRight
        ? []
        : [`${told(arrival)} calls itself ${id}, ${type}, ${sequence} of ${organization?.id}`]
    })
  },

  'every endpoint that wants everything sees numbers without a gap': ({ arrivals, snapshot }) =>
    snapshot.endpoints
      .filter(({ eventTypes }) => eventTypes.includes('*'))
      .flatMap(({ path, since }) => {
        const seen = new Map<number, string>()
        const twice: string[] = []
        for (const { webhookId, body } of arrivals.filter((arrival) => arrival.path === path)) {
          const { sequence } = JSON.parse(body)
          if ((seen.get(sequence) ?? webhookId) !== webhookId)
            twice.push(`two events are ${sequence} at ${path}`)
          seen.set(sequence, webhookId)
        }
        const last = Math.max(since - 1, ...seen.keys())
        const missing = Array.from({ length: last - since + 1 }, (_, at) => since + at)
          .filter((sequence) => !seen.has(sequence))
          .map((sequence) => `${sequence} is missing at ${path}`)
        return [...twice, ...missing]
      }),

  'every request is signed': ({ arrivals }) => arrivals.filter(({ isSigned }) => !isSigned).map(told),

  'there is one delivery per event and endpoint that wants it, and no other': ({ snapshot }) => {
    const balance = new Map<string, number>()
    const add = (event: string, endpoint: string, by: number) =>
      balance.set(`${event} for ${endpoint}`, (balance.get(`${event} for ${endpoint}`) ?? 0) + by)
    for (const { event, endpoint } of snapshot.deliveries) add(event, endpoint, 1)
    for (const endpoint of snapshot.endpoints)
      for (const { id } of wantedBy(endpoint, snapshot)) add(id, endpoint.id, -1)
    return [...balance]
      .filter(([, difference]) => difference !== 0)
      .map(([what, difference]) => `${what}: ${difference + 1} deliveries`)
  },

  'nothing is left to deliver, and nothing was given up': ({ snapshot }) =>
    snapshot.deliveries
      .filter(({ status }) => status !== 'succeeded')
      .map(({ event, endpoint, status }) => `${event} for ${endpoint} is ${status}`),

  'what a receiver accepted, or still has, comes again only after a trouble': ({ arrivals, troubles }) =>
    repetitions({ arrivals })
      .filter((pair) => !troubles.some((trouble) => explains(pair, trouble)))
      .map(
        ([earlier, later]) =>
          `${told(later)} came ${Math.round(later.begin - earlier.begin)} ms after it was there (${earlier.behaviour})`,
      ),
}
