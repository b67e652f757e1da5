import { beforeAll, expect, it } from 'vitest'
import {
  listSights,
  lockSights,
  type SightFilters,
} from '../../../src/features/organization-sessions/queries.ts'
import { countRowsRead } from '../../support/rows-read.ts'
import { startWorld } from '../../support/world.ts'

const world = startWorld()
const many = 10_000
const idleDays = 7

// Ten people with a thousand sessions each in two organizations, from a hundred addresses, one of a hundred in a project.
beforeAll(async () => {
  const { owner } = await world.organization()
  await world.sql(
    `insert into organizations (id, slug, name) values ('org_1', 'one', 'One'), ('org_2', 'two', 'Two')`,
  )
  await world.sql(
    `insert into projects (id, organization_id, slug, name, publishable_key) values ('app_1', 'org_1', 'a', 'A', 'pk_1')`,
  )
  await world.sql(
    `insert into users (id, email) select 'usr_' || n, 'person' || n || '@example.com' from generate_series(1, 10) n`,
  )
  await world.sql(
    `insert into memberships (id, organization_id, user_id, role)
     select 'mem_' || o || n, 'org_' || o, 'usr_' || n, 'viewer' from generate_series(1, 10) n, generate_series(1, 2) o`,
  )
  await world.sql(
    `insert into sessions (id, user_id, auth_method, address, expires_at)
     select 'ses_' || lpad(n::text, 6, '0'), 'usr_' || (n % 10 + 1), 'password', '', now() + interval '1 day'
     from generate_series(1, $1::int) n`,
    [many],
  )
  await world.sql(
    `insert into session_organizations (session_id, organization_id, address)
     select sessions.id, organizations.id, '10.0.0.' || substr(sessions.id, 9, 2)
     from sessions, organizations where sessions.user_id <> $1 and organizations.id in ('org_1', 'org_2')`,
    [owner.id],
  )
  await world.sql(
    `insert into project_sessions (id, session_id, organization_id, project_id, user_id, address)
     select 'p' || id, id, 'org_1', 'app_1', user_id, '' from sessions where id like 'ses_%07'`,
  )
  await world.sql('vacuum analyze')
})

const read = (table: string, work: (tx: typeof world.ctx.db) => Promise<unknown[]>) =>
  world.ctx.db.transaction().execute(async (tx) => {
    const { result, read } = await countRowsRead(tx, table, () => work(tx))
    return { found: result.length, read }
  })
const few = expect.toSatisfy((rows: number) => rows < many / 8, 'few rows')

it.each<[SightFilters, number]>([
  [{}, 26],
  [{ sessionIds: ['ses_000001', 'ses_000002', 'x'] }, 2],
  [{ address: '10.0.0.17' }, 26],
  [{ address: '10.9.9.9' }, 0],
  [{ project: 'app_1' }, 26],
  [{ project: 'app_2' }, 0],
  [{ user: 'usr_11' }, 0],
  [{ user: 'usr_1' }, 26],
])('finds and locks the newest that match %j without reading all', async (filters, found) => {
  for (const table of ['session_organizations', 'sessions']) {
    const list = (tx: typeof world.ctx.db) =>
      listSights(tx, 'org_1', filters, { idleDays, most: 26, before: undefined })
    expect(await read(table, list), table).toEqual({ found, read: few })
    const lock = (tx: typeof world.ctx.db) => lockSights(tx as never, 'org_1', idleDays, filters, 26)
    expect(await read(table, lock), table).toEqual({ found, read: few })
  }
})
