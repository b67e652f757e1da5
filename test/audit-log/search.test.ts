import { beforeAll, expect, it } from 'vitest'
import { positionOf } from '../../src/features/audit-log/audit-log.ts'
import { pruneRows } from '../../src/features/audit-log/queries.ts'
import {
  type AuditRow,
  type Position,
  type Search,
  searchAuditLog,
} from '../../src/features/audit-log/search-queries.ts'
import { seeded } from '../faults/harness/random.ts'
import { ageRows, appendRows } from '../support/audit-rows.ts'
import { startSpine } from '../support/spine.ts'
import { tamper } from '../support/tampering.ts'

const spine = startSpine()
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
const random = seeded(seed)
const pick = <T>(values: readonly T[]) => values[Math.floor(random() * values.length)] as T

const actions = [
  'project.created',
  'project.updated',
  'project.secret_rotated',
  'projectx.updated',
  'project_updated',
  'auth.login',
  'auth.login.failed',
]
const actors = ['usr_ada', 'usr_adam', 'key_1', null]
const targets = ['app_1', 'app_10', 'usr_ada', null]
const requests = ['req_1', 'req_2', 'system:command line']
const streams: string[] = []

beforeAll(async () => {
  for (let n = 0; n < 3; n++) streams.push(await spine.organization())
  for (let round = 0; round < 30; round++) await append(5)
  for (const stream of streams) await ageRows(spine.database.superuserUrl, stream, 15, 40)
})

async function append(count: number) {
  const rows = Array.from({ length: count }, () => {
    const actorId = pick(actors)
    const actorKind = actorId === null ? 'system' : 'user'
    return { action: pick(actions), actorKind, actorId, targetId: pick(targets), requestId: pick(requests) }
  })
  await appendRows(spine.sql, pick(streams), rows)
}

type Stored = { id: string; stream_id: string; sequence: number; occurred_at: Date } & Record<string, unknown>

const stored = () => spine.sql<Stored>('select * from audit_logs')
const idOf = ({ id }: { id: string }) => id

/** What a search must find, as simply as it can be said. */
function fits(row: Stored, among: string[], { action = '*', actor, target, requestId, from, to }: Search) {
  const words = action.split('*').map((word) => word.replaceAll('.', '\\.'))
  return (
    among.includes(row.stream_id) &&
    new RegExp(`^${words.join('.*')}$`).test(String(row.action)) &&
    (actor === undefined || (row.actor_id ?? row.actor_kind) === actor) &&
    (target === undefined || row.target_id === target) &&
    (requestId === undefined || row.request_id === requestId) &&
    (!from || row.occurred_at >= from) &&
    (!to || row.occurred_at < to)
  )
}

const newestFirst = (a: Stored, b: Stored) =>
  Number(b.occurred_at) - Number(a.occurred_at) ||
  b.sequence - a.sequence ||
  (a.stream_id < b.stream_id ? 1 : -1)

function someSearch(rows: Stored[]): Search {
  const maybe = <T>(value: T) => (random() < 0.4 ? value : undefined)
  return {
    action: maybe(
      pick([...actions, '*', 'project.*', 'auth.*', '*.updated', 'auth.login*', '*_*', 'nothing.*']),
    ),
    actor: maybe(pick(['usr_ada', 'usr_adam', 'key_1', 'system', 'usr_nobody'])),
    target: maybe(pick(['app_1', 'app_10', 'usr_ada', 'app_none'])),
    requestId: random() < 0.2 ? pick([...requests, 'req_none']) : undefined,
    from: maybe(pick(rows).occurred_at),
    to: maybe(pick(rows).occurred_at),
  }
}

async function readAll(among: string[], search: Search, most: number, between = async () => {}) {
  const found: AuditRow[] = []
  for (let before: Position | undefined; ; ) {
    const page = await searchAuditLog(spine.ctx.db, among, search, { most, before })
    expect(page.length).toBeLessThanOrEqual(most)
    found.push(...page)
    const last = page.at(-1)
    if (!last || page.length < most) return found
    before = positionOf(last)
    await between()
  }
}

it(`finds what a plain model finds, in its order, whatever is asked and however it is paged (SEED=${seed})`, async () => {
  // Many rows of one time, and some whose clock stepped back.
  for (const stream of streams)
    await tamper(
      spine.database.superuserUrl,
      `update audit_logs set occurred_at = date_trunc('second', occurred_at) - sequence % 3 * interval '1 second'
       where stream_id = '${stream}' and sequence > 15`,
    )
  const rows = await stored()
  let nonEmpty = 0
  for (let round = 0; round < 80; round++) {
    const among = streams.filter(() => random() < 0.6)
    const search = someSearch(rows)
    const expected = rows.filter((row) => fits(row, among, search)).sort(newestFirst)
    const found = await readAll(among, search, pick([3, 7, 26, 300]))
    expect(found.map(idOf), JSON.stringify(search)).toEqual(expected.map(idOf))
    if (expected.length > 0) nonEmpty++
  }
  expect(nonEmpty).toBeGreaterThan(15)
})

it(`repeats nothing and misses nothing that stays, while rows come and go (SEED=${seed})`, async () => {
  for (let round = 0; round < 20; round++) {
    const before = await stored()
    const among = streams.filter(() => random() < 0.7)
    const { from: _, to: __, ...search } = someSearch(before)
    const found = await readAll(among, search, pick([2, 4, 10]), async () => {
      if (random() < 0.3) await append(1 + Math.floor(random() * 3))
      if (random() < 0.3) await pruneRows(spine.ctx.db, 30, 1)
    })
    const after = new Set((await stored()).map(idOf))
    const ids = found.map(idOf)
    expect(new Set(ids).size).toBe(ids.length)
    const stayed = before.filter((row) => after.has(row.id) && fits(row, among, search)).map(idOf)
    expect(
      stayed.filter((id) => !ids.includes(id)),
      JSON.stringify(search),
    ).toEqual([])
    const all = new Map([...before, ...(await stored())].map((row) => [row.id, row]))
    for (const id of ids) {
      const row = all.get(id)
      if (row) expect(fits(row, among, search)).toBe(true)
    }
  }
  const [pruned] = await spine.sql('select sum(sequence)::integer as rows from audit_checkpoints')
  expect(pruned?.rows).toBeGreaterThan(0)
})
