import type { Bench } from './bench.ts'
import { type Figure, median } from './figures.ts'
import type { Request } from './load/load.ts'
import type { Measurement } from './measurement.ts'
import { type Running, startService } from './processes.ts'
import { makeAuditRows, newestAt } from './rows/audit.ts'
import { idOf, makeTenants } from './rows/tenants.ts'
import { ask, sessionCookie } from './subjects.ts'

const pagesOfAKind = 50
const rounds = 6

type Kind = 'first page' | 'deep pages' | 'filtered pages'
type Log = { service: Running; pages: Record<Kind, Request[]> }

export const auditPages: Measurement = {
  name: 'P11c',
  work: 'pages of 25 of the audit log, one after the other',
  async measure(bench) {
    const [few, many] = bench.sizes.auditRows
    const logs = { few: await startLog(bench, few), many: await startLog(bench, many) }
    const raw: Record<string, Took> = {}
    const count = (rows: number) => rows.toLocaleString('en')
    const figures: Figure[] = []
    for (const kind of ['first page', 'deep pages', 'filtered pages'] as const) {
      const took = await askInTurn(logs, kind)
      raw[kind] = took
      const [shorter, longer] = [median(took.few), median(took.many)]
      figures.push({
        what: `time of ${kind}, at ${count(many)} entries / at ${count(few)}`,
        value: longer / shorter,
        unit: '×',
        goal: { atMost: 1.2 },
        behind: `${longer.toFixed(2)} / ${shorter.toFixed(2)} ms, medians of ${took.many.length}`,
      })
    }
    return { figures, raw }
  },
}

type Took = { few: number[]; many: number[] }

/** One page of the one and the same of the other, so that what disturbs the machine disturbs both alike. */
async function askInTurn(logs: { few: Log; many: Log }, kind: Kind): Promise<Took> {
  const took: Took = { few: [], many: [] }
  for (let round = 0; round <= rounds; round++) {
    for (let page = 0; page < pagesOfAKind; page++) {
      for (const name of page % 2 === 0 ? (['few', 'many'] as const) : (['many', 'few'] as const)) {
        const { service, pages } = logs[name]
        const request = pages[kind][page % pages[kind].length]
        const begunAt = performance.now()
        await ask(service, request, 200)
        // The first round reads pages of the database, and code.
        if (round > 0) took[name].push(performance.now() - begunAt)
      }
    }
  }
  return took
}

/** A service on a log of so many entries, and what is asked of it. */
async function startLog(bench: Bench, rows: number): Promise<Log> {
  const tenants = await makeTenants(bench, `audit_${rows}`, { tenants: 1, keysEach: 1, hasPeople: true })
  await makeAuditRows(tenants, rows)
  const service = await startService(bench, tenants)
  const get = (query: Record<string, string> = {}): Request => ({
    path: `/v1/orgs/${idOf('org', 0)}/audit-logs?${new URLSearchParams(query)}`,
    headers: sessionCookie(tenants.sessionTokens[0] ?? ''),
  })
  return { service, pages: await pagesOf(service, rows, get) }
}

async function pagesOf(
  service: Running,
  rows: number,
  get: (query?: Record<string, string>) => Request,
): Promise<Record<Kind, Request[]>> {
  const deep: Request[] = []
  const filtered: Request[] = []
  const filters = [
    { action: 'project.action_d' },
    { action: 'project.*' },
    { action: '*_h' },
    { actor: idOf('usr', 4) },
    { actor: idOf('usr', 4), action: 'project.action_d' },
    { target: idOf('app', 5) },
    { target: idOf('app', 5), action: 'project.action_d' },
    { target: idOf('app', 5), actor: idOf('usr', 4) },
  ]
  for (let page = 0; page < pagesOfAKind; page++) {
    // Evenly from the newest to nearly the oldest, with so much behind it that the page is full.
    const to = new Date(newestAt - Math.floor((page / pagesOfAKind) * 0.7 * rows) * 1_000).toISOString()
    deep.push(await behind(service, get, { to }))
    filtered.push(await behind(service, get, { to, ...filters[page % filters.length] }))
  }
  for (const request of [get(), ...deep, ...filtered]) {
    const { body } = await ask(service, request, 200)
    if (body.data.length !== 25) throw new Error(`${request.path} has ${body.data.length} entries`)
  }
  return { 'first page': [get()], 'deep pages': deep, 'filtered pages': filtered }
}

/** The page behind the first entry of a list, by its cursor. */
async function behind(
  service: Running,
  get: (query: Record<string, string>) => Request,
  query: Record<string, string>,
): Promise<Request> {
  const { body } = await ask(service, get({ ...query, limit: '1' }), 200)
  return get({ ...query, cursor: body.nextCursor })
}
