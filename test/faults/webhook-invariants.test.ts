import { expect, it } from 'vitest'
import type { Arrival } from './harness/receivers.ts'
import { duplicates, webhookInvariants as invariants, type WebhookRun } from './harness/webhook-invariants.ts'

const types = ['webhook_endpoint.created', 'project.created', 'user.updated', 'project.updated']

const arrival = (path: string, sequence: number, more: Partial<Arrival> = {}): Arrival => ({
  path,
  webhookId: `evt_${sequence}`,
  body: JSON.stringify({
    id: `evt_${sequence}`,
    type: types[sequence - 2],
    sequence,
    organization: { id: 'org' },
  }),
  isSigned: true,
  behaviour: 'accept',
  begin: sequence * 10_000,
  end: sequence * 10_000 + 10,
  ...more,
})
const delivery = (endpoint: string, sequence: number) => ({
  endpoint,
  event: `evt_${sequence}`,
  status: 'succeeded',
})

/** A run in which everything is right, failures and one kill included; each test breaks one thing of it. */
function goodRun(): WebhookRun {
  return {
    arrivals: [
      arrival('/all', 2),
      arrival('/all', 3, { behaviour: 'fail' }),
      arrival('/all', 3, { begin: 35_000, end: 35_010 }),
      arrival('/projects', 3, { behaviour: 'gzip' }),
      arrival('/all', 4, { behaviour: 'hang', end: 55_000 }),
      arrival('/all', 4, { begin: 60_000, end: 60_010 }),
      // Accepted, killed before the mark, and accepted again.
      arrival('/all', 5, { begin: 61_000, end: 61_010 }),
      arrival('/all', 5, { begin: 95_000, end: 95_010 }),
      arrival('/projects', 5),
    ],
    troubles: [{ what: 'kill -9', begin: 61_020, end: 61_020 }],
    snapshot: {
      events: ['organization.created', ...types].map((type, at) => ({
        stream: 'org',
        sequence: at + 1,
        id: `evt_${at + 1}`,
        type,
      })),
      endpoints: [
        { id: 'whe_all', organization: 'org', path: '/all', eventTypes: ['*'], since: 2 },
        {
          id: 'whe_projects',
          organization: 'org',
          path: '/projects',
          eventTypes: ['project.*', 'usage.recorded'],
          since: 2,
        },
      ],
      deliveries: [
        ...[2, 3, 4, 5].map((sequence) => delivery('whe_all', sequence)),
        ...[3, 5].map((sequence) => delivery('whe_projects', sequence)),
      ],
    },
  }
}

const flaws = (run: WebhookRun) => Object.values(invariants).flatMap((find) => find(run))

it('finds nothing wrong where nothing is, and counts what came twice', () => {
  expect(flaws(goodRun())).toEqual([])
  expect(duplicates(goodRun())).toBe(1)
})

const lost = 'every event was accepted by every endpoint that wants it'
const stray = 'nobody is told what did not happen, or what is not for them'
const same = 'an event reads the same whenever and wherever it is told, and as it is numbered'
const gap = 'every endpoint that wants everything sees numbers without a gap'
const rows = 'there is one delivery per event and endpoint that wants it, and no other'
const left = 'nothing is left to deliver, and nothing was given up'
const again = 'what a receiver accepted, or still has, comes again only after a trouble'

const at = (run: WebhookRun, index: number) => run.arrivals[index] as Arrival
const without = (run: WebhookRun, path: string, id: string) => {
  run.arrivals = run.arrivals.filter((found) => found.path !== path || found.webhookId !== id)
}

type Breaking = [invariant: keyof typeof invariants, what: string, breakIt: (run: WebhookRun) => unknown]

it.each<Breaking>([
  [lost, 'an event that one endpoint never got', (run) => without(run, '/projects', 'evt_3')],
  [lost, 'an event that was only refused', (run) => (at(run, 2).behaviour = 'fail')],
  [lost, 'an event that was only cut off', (run) => (at(run, 8).behaviour = 'drip')],
  [lost, 'the last event', (run) => without(run, '/all', 'evt_5')],
  [stray, 'an event that was rolled back', (run) => run.arrivals.push(arrival('/all', 6))],
  [stray, 'an event from before the endpoint', (run) => run.arrivals.push(arrival('/all', 1))],
  [stray, 'an event that nobody asked for', (run) => run.arrivals.push(arrival('/projects', 4))],
  [
    stray,
    'an event of somebody else',
    (run) => ((run.snapshot.events[3] ?? { stream: '' }).stream = 'other'),
  ],
  [
    same,
    'another body in the second attempt',
    (run) => (at(run, 2).body = at(run, 2).body.replace('"org"', '"org" ')),
  ],
  [
    same,
    'another body at the second endpoint',
    (run) => (at(run, 3).body = at(run, 3).body.replace(':3', ': 3')),
  ],
  [same, 'the id of another event', (run) => (at(run, 0).webhookId = 'evt_4')],
  [
    same,
    'another number than in the database',
    (run) => ((run.snapshot.events[1] ?? { sequence: 0 }).sequence = 9),
  ],
  [gap, 'a gap', (run) => without(run, '/all', 'evt_4')],
  [gap, 'the first one missing', (run) => without(run, '/all', 'evt_2')],
  [
    gap,
    'a number that was given twice',
    (run) => run.arrivals.push({ ...arrival('/all', 5), webhookId: 'evt_6' }),
  ],
  ['every request is signed', 'a signature by another secret', (run) => (at(run, 8).isSigned = false)],
  [rows, 'an event without a delivery', (run) => run.snapshot.deliveries.pop()],
  [rows, 'two deliveries of one event', (run) => run.snapshot.deliveries.push(delivery('whe_all', 5))],
  [
    rows,
    'a delivery that nobody asked for',
    (run) => run.snapshot.deliveries.push(delivery('whe_projects', 4)),
  ],
  ...['pending', 'delivering', 'retrying', 'failed', 'cancelled'].map(
    (status): Breaking => [
      left,
      `a delivery that is ${status}`,
      (run) => ((run.snapshot.deliveries[2] ?? { status: '' }).status = status),
    ],
  ),
  [again, 'a repetition that nothing explains', (run) => (run.troubles = [])],
  [again, 'a repetition before the kill', (run) => (at(run, 7).begin = 61_015)],
  [
    again,
    'a kill long after the mark',
    (run) => (run.troubles = [{ what: 'kill', begin: 70_000, end: 70_000 }]),
  ],
  [
    again,
    'a kill long before the request',
    (run) => (run.troubles = [{ what: 'kill', begin: 100, end: 200 }]),
  ],
  [again, 'two requests at once', (run) => (at(run, 5).begin = 50_000)],
])('%s: finds %s', (invariant, _what, breakIt) => {
  const run = goodRun()
  breakIt(run)
  expect(invariants[invariant]?.(run)).not.toEqual([])
})

it('takes an outage that an answer fell into for an explanation', () => {
  const run = goodRun()
  run.troubles = [{ what: 'PostgreSQL is down', begin: 50_000, end: 80_000 }]
  expect(flaws(run)).toEqual([])
})
