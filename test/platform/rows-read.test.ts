import { beforeAll, expect, it } from 'vitest'
import {
  listKeysWithPrefix,
  searchOrganizations,
  searchUsers,
} from '../../src/features/platform/search-queries.ts'
import { countRowsRead } from '../support/rows-read.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const many = 20_000
const keyset = { most: 26, before: undefined }

beforeAll(async () => {
  await world.sql(
    `insert into users (id, email, display_name)
     select 'usr_' || n, 'person' || n || '@example.com', 'Somebody Common' || n % 100 from generate_series(1, $1::int) n`,
    [many],
  )
  await world.sql(
    `with made as (
       insert into organizations (id, slug, name)
       select 'org_' || n, 'slug' || n, 'Company Common' || n % 100 from generate_series(1, $1::int) n returning id)
     insert into subscriptions (organization_id, plan_key, status) select id, 'free', 'active' from made`,
    [many],
  )
  await world.sql(
    `insert into memberships (id, organization_id, user_id, role)
     select 'mem_' || n, 'org_' || (n % 10 + 1), 'usr_' || n, 'viewer' from generate_series(1, $1::int) n`,
    [many],
  )
  await world.sql('vacuum analyze users, organizations, subscriptions, memberships')
})

const read = (table: string, work: (tx: typeof world.ctx.db) => Promise<unknown[]>) =>
  world.ctx.db.transaction().execute(async (tx) => {
    const { result, read } = await countRowsRead(tx, table, () => work(tx))
    return { found: result.length, read }
  })
const few = expect.toSatisfy((rows: number) => rows < many / 20, 'few rows')

it.each([
  [['person77'], 26],
  [['person77', 'example'], 26],
  [['person12345'], 1],
  [['nobodys'], 0],
  [['common77'], 26],
])('finds people who match %j without reading all', async (words, found) => {
  expect(await read('users', (tx) => searchUsers(tx, { words }, undefined, keyset))).toEqual({
    found,
    read: few,
  })
})

it('lists people, and those of an organization, from the newest on', async () => {
  expect(await read('users', (tx) => searchUsers(tx, undefined, undefined, keyset))).toEqual({
    found: 26,
    read: few,
  })
  const ofOne = (tx: typeof world.ctx.db) => searchUsers(tx, undefined, 'org_1', keyset)
  for (const table of ['users', 'memberships'])
    expect(await read(table, ofOne)).toEqual({ found: 26, read: few })
})

it.each([
  [['slug77'], 26],
  [['slug12345', 'company'], 1],
  [['nobodys'], 0],
])('finds organizations that match %j without reading all', async (words, found) => {
  const search = (tx: typeof world.ctx.db) => searchOrganizations(tx, { words }, keyset)
  for (const table of ['organizations', 'subscriptions'])
    expect(await read(table, search)).toEqual({ found, read: few })
})

it('finds a key by its index', async () => {
  const { secretKey } = await world.project(await world.organization())
  await world.sql(
    `insert into secret_keys (id, organization_id, project_id, prefix, hash)
     select 'key_' || n, organization_id, project_id, 'sk_live_' || lpad(n::text, 8, '0'), sha256(n::text::bytea)
     from secret_keys, generate_series(1, $1::int) n`,
    [many],
  )
  await world.sql('vacuum analyze secret_keys')
  const search = (tx: typeof world.ctx.db) => listKeysWithPrefix(tx, secretKey.slice(0, 16), keyset)
  expect(await read('secret_keys', search)).toEqual({ found: 1, read: few })
})
