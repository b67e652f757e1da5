import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Entry, openHistory, readHistory } from './harness/history.ts'
import { invariants, type Run, violations } from './harness/invariants.ts'

const operations: Run['operations'] = {
  create: { actions: ['project.created'], refusals: [402] },
  rename: { actions: ['project.updated'] },
  read: { refusals: [401] },
  'sign in': { actions: ['auth.login', 'session.created'] },
}

const entry = (number: number, more: Partial<Entry>): Entry => ({
  number,
  operation: 'rename',
  begin: number * 100,
  end: number * 100 + 10,
  status: 200,
  requestId: `req_${number}`,
  ...more,
})
const row = (sequence: number, action: string, requestId: string, stream = 'org') => ({
  stream,
  sequence,
  action,
  requestId,
  isOurs: false,
})

/** A run in which everything is right; each test breaks one thing of it. */
function goodRun(): Run {
  return {
    operations,
    entries: [
      entry(1, { operation: 'create', status: 503, retryAfter: '2', idempotencyKey: 'k' }),
      entry(2, {
        operation: 'create',
        status: 201,
        isReplay: true,
        idempotencyKey: 'k',
        made: { name: 'A', 'key/works': true },
      }),
      entry(3, { made: { name: 'B' } }),
      entry(4, { status: 503, retryAfter: '2', made: { name: 'C' } }),
      entry(5, { operation: 'read', saw: { name: 'B', 'key/works': true } }),
      entry(6, { operation: 'sign in', status: 201 }),
      entry(7, { operation: 'create', status: 402 }),
    ],
    snapshot: {
      facts: { name: 'C', 'key/works': true },
      auditRows: [
        row(1, 'project.created', 'req_1'),
        row(2, 'project.updated', 'req_3'),
        row(3, 'project.updated', 'req_4'),
        row(4, 'auth.login', 'req_6'),
        row(5, 'session.created', 'req_6'),
        row(6, 'subscription.limit_reached', 'req_1'),
        { ...row(1, 'platform.signing_key.rotated', 'first-start', 'platform'), isOurs: true },
      ],
      events: [
        'project.created',
        'project.updated',
        'project.updated',
        'session.created',
        'subscription.limit_reached',
      ].map((type, at) => ({
        stream: 'org',
        sequence: at + 1,
        id: `evt_${at + 1}`,
        type,
      })),
      heads: [
        { stream: 'org', audit: 6, event: 5 },
        { stream: 'platform', audit: 1, event: 0 },
      ],
      places: [{ organization: 'org', used: 1, limit: 1 }],
      organizationsWithoutOwner: [],
      endpoints: [],
      deliveries: [],
    },
    arrivals: [],
    troubles: [],
  }
}

it('finds nothing wrong where nothing is', () => {
  expect(violations(goodRun())).toEqual([])
  const withoutLastRename = goodRun()
  withoutLastRename.snapshot.facts.name = 'B'
  expect(violations(withoutLastRename), 'what was in doubt may not have happened').toEqual([])
})

type Breaking = [invariant: keyof typeof invariants, what: string, breakIt: (run: Run) => unknown]

const at = (run: Run, number: number) => run.entries[number - 1] as Entry
const drop = (run: Run, requestId: string) => {
  run.snapshot.auditRows = run.snapshot.auditRows.filter((found) => found.requestId !== requestId)
}
const right = 'every answer is a success, a refusal that is right at times, or 503'
const traces = 'every change has its audit rows, whole and once, and nothing else has any'
const honest = 'no answer tells of what is over or not yet so'

it.each<Breaking>([
  [right, 'an internal error', (run) => (at(run, 3).status = 500)],
  [right, 'a refusal that never fits', (run) => (at(run, 3).status = 409)],
  ['every request is answered', 'none', (run) => (at(run, 3).status = 0)],
  ['every 503 says when to come again', 'silence', (run) => delete at(run, 4).retryAfter],
  ['every 503 says when to come again', 'nonsense', (run) => (at(run, 4).retryAfter = 'soon')],
  ['no request takes longer than six seconds', 'seven', (run) => (at(run, 4).end += 7_000)],
  ['what was acknowledged is there', 'a lost creation', (run) => delete run.snapshot.facts['key/works']],
  ['what was acknowledged is there', 'a value from before', (run) => (run.snapshot.facts.name = 'A')],
  [
    'what was acknowledged is there',
    'a key that works again',
    (run) => run.entries.push(entry(8, { made: { 'key/works': null } })),
  ],
  [
    honest,
    'a revoked key that is accepted',
    (run) => {
      at(run, 3).made = { 'key/works': null }
      run.snapshot.facts = { 'key/works': null }
    },
  ],
  [honest, 'a valid key that is refused', (run) => (at(run, 5).saw = { 'key/works': null })],
  [honest, 'a value from before', (run) => (at(run, 5).saw = { name: 'A' })],
  [traces, 'an acknowledged change without a row', (run) => drop(run, 'req_3')],
  [traces, 'half a sign-in', (run) => run.snapshot.auditRows.splice(4, 1)],
  [
    traces,
    'a change that was done twice',
    (run) => run.snapshot.auditRows.push(row(7, 'project.created', 'req_2')),
  ],
  [traces, 'a replay of nothing', (run) => drop(run, 'req_1')],
  [
    traces,
    'rows of a refused request',
    (run) => run.snapshot.auditRows.push(row(7, 'project.created', 'req_7')),
  ],
  [traces, 'rows of a read', (run) => run.snapshot.auditRows.push(row(7, 'project.created', 'req_5'))],
  [
    traces,
    'rows that nobody asked for',
    (run) => run.snapshot.auditRows.push(row(7, 'project.created', 'req_x')),
  ],
  [
    traces,
    'streams that disagree',
    (run) => run.snapshot.auditRows.push(row(2, 'auth.login', 'req_6', 'platform')),
  ],
  ['every audit row that is an event has its event', 'a lost event', (run) => run.snapshot.events.pop()],
  [
    'every audit row that is an event has its event',
    'an event of nothing',
    (run) => run.snapshot.events.push({ stream: 'org', sequence: 6, id: 'evt_6', type: 'project.deleted' }),
  ],
  ['no sequence has a gap', 'a gap in the rows', (run) => run.snapshot.auditRows.splice(1, 1)],
  ['no sequence has a gap', 'a gap in the events', (run) => run.snapshot.events.splice(1, 1)],
  [
    'no sequence has a gap',
    'a head beyond the last',
    (run) => run.snapshot.heads.push({ stream: 'other', audit: 1, event: 0 }),
  ],
  [
    'no plan is exceeded',
    'one too many',
    (run) => run.snapshot.places.push({ organization: 'o', used: 2, limit: 1 }),
  ],
  [
    'a limit is told of once at 80 and once at 100 %',
    'a word too many',
    (run) =>
      run.snapshot.auditRows.push(
        ...[7, 8].map((sequence) => row(sequence, 'subscription.limit_reached', 'req_1')),
      ),
  ],
  [
    'a limit is told of once at 80 and once at 100 %',
    'silence',
    (run) => {
      run.snapshot.auditRows = run.snapshot.auditRows.filter(({ sequence }) => sequence !== 6)
    },
  ],
  [
    'every organization has an owner',
    'an orphan',
    (run) => run.snapshot.organizationsWithoutOwner.push('org'),
  ],
])('%s: finds %s', (invariant, _what, breakIt) => {
  const run = goodRun()
  breakIt(run)
  expect(invariants[invariant]?.(run)).not.toEqual([])
})

describe('where the service was killed', () => {
  it('takes rows that no known request left for those of requests that were lost, each once', () => {
    const run = { ...goodRun(), mayGoUnanswered: true }
    run.entries.push(entry(8, { status: 0, requestId: undefined }))
    expect(violations(run)).toEqual([])
    run.snapshot.auditRows.push(row(6, 'project.updated', 'req_x'))
    expect(invariants[traces]?.(run)).toEqual([])
    run.snapshot.auditRows.push(row(7, 'project.updated', 'req_y'))
    expect(invariants[traces]?.(run)).toEqual(['nobody asked for project.updated of req_y'])
  })

  it('takes the lost request for the one that a replay tells of', () => {
    const run = goodRun()
    Object.assign(at(run, 1), { status: 0, requestId: undefined })
    expect(invariants[traces]?.(run)).toEqual([])
    drop(run, 'req_1')
    expect(invariants[traces]?.(run)).toHaveLength(1)
  })
})

it('writes a history that can be read again', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'silver-auth-history-'))
  const history = openHistory(path.join(folder, 'history.ndjson'))
  for (const each of goodRun().entries) history.add(each)
  await history.close()
  expect(readHistory(history.file)).toEqual(goodRun().entries)
  await rm(folder, { recursive: true })
})
