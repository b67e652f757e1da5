import { appRole, withClient } from '../src/db/postgres-roles.ts'
import type { Bench } from './bench.ts'
import type { Subjects } from './compare.ts'
import type { Figure } from './figures.ts'
import { load } from './load/load.ts'
import { startWithTenants } from './subjects.ts'

// What the service sends by itself to prove that it hears of changes.
const isOwnBusiness = (line: string) => /select 1$|pg_notify|listen silver_auth/i.test(line)

/** How many statements a service sends to Postgres while it answers the requests of `ours`, as Postgres itself logs them. */
export async function countQueries(bench: Bench, { ours }: Subjects): Promise<Figure[]> {
  if (!ours) throw new Error('no subject')
  const setLogging = (value: string) =>
    withClient(bench.postgres.superuserUrl, (client) =>
      client.query(`alter role ${appRole} set log_statement = '${value}'`),
    )
  await setLogging('all')
  // Without the worker, which asks whether there is something to deliver.
  const { service } = await startWithTenants(bench, { WEBHOOK_WORKER: 'off' })
  const statements: string[] = []
  const stopHearing = bench.hearPostgres((line) => {
    if (/LOG: +(statement|execute)/.test(line)) statements.push(line)
  })
  const { requests } = await load(bench, {
    port: service.port,
    requests: ours.requests(1),
    seconds: bench.sizes.sliceSeconds,
  })
  stopHearing()
  await setLogging('none')
  const queries = statements.filter((line) => !isOwnBusiness(line))
  return [
    {
      what: 'queries',
      value: queries.length,
      goal: { atMost: 0 },
      behind: queries[0] ?? `${requests.toLocaleString('en')} requests`,
    },
  ]
}
