import type pg from 'pg'
import { migrateUp } from '../../src/db/migrate.ts'
import { admitAppOnly, appRole, ownerRole, withClient } from '../../src/db/postgres-roles.ts'
import { newPublishableKey, newSecretKey, shownPrefix } from '../../src/features/keys/key-format.ts'
import { keyHash } from '../../src/features/keys/keys.ts'
import { hmacSha256, randomToken } from '../../src/lib/secrets.ts'
import type { Bench } from '../bench.ts'

export type Urls = { ownerUrl: string; appUrl: string; superuserUrl: string }

/** A database full of tenants, with the credentials of each. Tenant `n` has the ids `idOf('org', n)`, `idOf('app', n)` and so on. */
export type Tenants = Urls & {
  /** Of each tenant `keysEach` after one another. */
  secretKeys: string[]
  publishableKeys: string[]
  /** Of the owners, who sign in nowhere else; absent in a database without people. */
  sessionTokens: string[]
  projectSessionTokens: string[]
}

type Options = { tenants: number; keysEach: number; hasPeople: boolean }

const rowsAtOnce = 20_000
const idLength = 26

export const idOf = (prefix: string, tenant: number) => `${prefix}_${String(tenant).padStart(idLength, '0')}`

/** The same in SQL, for the tenant with the number `n`. */
const id = (prefix: string, n = 'n') => `'${prefix}_' || lpad(${n}::text, ${idLength}, '0')`

/** Makes a migrated database with rows as the service would have written them, in bulk. */
export async function makeTenants(bench: Bench, name: string, options: Options): Promise<Tenants> {
  const urls = await makeDatabase(bench, name)
  await migrateUp({ ownerUrl: urls.ownerUrl, appRole })
  return withClient(urls.superuserUrl, async (client) => {
    // Without triggers: nobody has to hear of these rows.
    await client.query('set session_replication_role = replica')
    const publishableKeys = await makeProjects(client, options.tenants)
    const secretKeys = await makeKeys(client, options)
    const tokens = options.hasPeople ? await makePeople(client, bench, options.tenants) : noTokens
    await client.query('vacuum analyze')
    return { ...urls, publishableKeys, secretKeys, ...tokens }
  })
}

const noTokens = { sessionTokens: [], projectSessionTokens: [] }

/** An empty database beside the service's own on the same server. */
export async function makeDatabase({ postgres }: Bench, name: string): Promise<Urls> {
  const within = (url: string) => new URL(`/${name}`, url).href
  await withClient(postgres.superuserUrl, async (client) => {
    await client.query(`create database ${name} owner ${ownerRole}`)
    await admitAppOnly(client, name)
  })
  return {
    ownerUrl: within(postgres.ownerUrl),
    appUrl: within(postgres.appUrl),
    superuserUrl: within(postgres.superuserUrl),
  }
}

async function makeProjects(client: pg.Client, tenants: number): Promise<string[]> {
  await client.query(`insert into organizations (id, slug, name)
    select ${id('org')}, 'organization-' || n, 'Organization ' || n from generate_series(0, ${tenants - 1}) n`)
  await client.query(`insert into subscriptions (organization_id, plan_key, status)
    select ${id('org')}, 'scale', 'active' from generate_series(0, ${tenants - 1}) n`)
  const keys = Array.from({ length: tenants }, newPublishableKey)
  await insertAll(
    client,
    [keys],
    `insert into projects (id, organization_id, slug, name, publishable_key, redirect_urls, origins)
     select ${id('app')}, ${id('org')}, 'app', 'Application ' || n, first, array['https://app-' || n || '.example/callback'],
       array['https://app-' || n || '.example']`,
  )
  return keys
}

async function makeKeys(client: pg.Client, { tenants, keysEach }: Options): Promise<string[]> {
  const keys = Array.from({ length: tenants * keysEach }, newSecretKey)
  const owner = `n / ${keysEach}`
  await insertAll(
    client,
    [keys.map(shownPrefix), keys.map((key) => hex(keyHash(key)))],
    `insert into secret_keys (id, organization_id, project_id, prefix, hash)
     select ${id('key')}, ${id('org', `(${owner})`)}, ${id('app', `(${owner})`)}, first, decode(second, 'hex')`,
  )
  return keys
}

async function makePeople(client: pg.Client, { secrets }: Bench, tenants: number) {
  const each = `generate_series(0, ${tenants - 1}) n`
  await client.query(`insert into users (id, email, email_verified_at, display_name)
    select ${id('usr')}, 'person-' || n || '@example.com', now(), 'Person ' || n from ${each}`)
  await client.query(`insert into memberships (id, organization_id, user_id, role)
    select ${id('mem')}, ${id('org')}, ${id('usr')}, 'owner' from ${each}`)
  await client.query(`insert into sessions
    (id, user_id, auth_method, active_organization_id, address, user_agent, expires_at)
    select ${id('ses')}, ${id('usr')}, 'password', ${id('org')}, '192.0.2.1', 'Firefox', now() + interval '30 days'
    from ${each}`)
  await client.query(`insert into session_organizations (session_id, organization_id, address, user_agent)
    select ${id('ses')}, ${id('org')}, '192.0.2.1', 'Firefox' from ${each}`)
  await client.query(`insert into project_sessions
    (id, session_id, organization_id, project_id, user_id, address, user_agent)
    select ${id('ses', `(n + ${tenants})`)}, ${id('ses')}, ${id('org')}, ${id('app')}, ${id('usr')}, '192.0.2.1', 'Firefox'
    from ${each}`)
  const tokens = () => Array.from({ length: tenants }, () => randomToken())
  const hashes = (texts: string[]) => texts.map((text) => hex(hmacSha256(secrets.session, text)))
  const [sessionTokens, projectSessionTokens] = [tokens(), tokens()]
  await insertAll(
    client,
    [hashes(sessionTokens)],
    `insert into session_tokens (session_id, hash, first_used_at) select ${id('ses')}, decode(first, 'hex'), now()`,
  )
  await insertAll(
    client,
    [hashes(projectSessionTokens)],
    `insert into project_session_tokens (project_session_id, hash, first_used_at)
     select ${id('ses', `(n + ${tenants})`)}, decode(first, 'hex'), now()`,
  )
  return { sessionTokens, projectSessionTokens }
}

const hex = (bytes: Buffer) => bytes.toString('hex')

/** Runs an `insert … select` over columns of texts, called `first` and `second`, and their row number `n`. */
export async function insertAll(
  client: pg.Client,
  [first = [], second = []]: string[][],
  statement: string,
): Promise<void> {
  for (let from = 0; from < first.length; from += rowsAtOnce) {
    const values = [first.slice(from, from + rowsAtOnce), second.slice(from, from + rowsAtOnce)]
    const rows = 'unnest($1::text[], $2::text[]) with ordinality as rows (first, second, position)'
    await client.query(
      `with numbered as (select first, second, position - 1 + ${from} as n from ${rows}) ${statement} from numbered`,
      values,
    )
  }
}
