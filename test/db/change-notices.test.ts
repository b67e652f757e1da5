import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId } from '../../src/lib/ids.ts'
import {
  type Asked,
  askedOf,
  type CacheName,
  cacheNames,
  type Household,
  makeHousehold,
  readers,
} from '../support/cached-answers.ts'
import { listQueries } from '../support/count-queries.ts'
import { listReadColumns } from '../support/read-columns.ts'
import { projectRoot } from '../support/spawned.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
let household: Household
let asked: Map<string, Asked>
let client: pg.Client
let listener: pg.Client
let notices: string[]

beforeAll(async () => {
  client = new pg.Client({ connectionString: world.database.superuserUrl })
  listener = new pg.Client({ connectionString: world.database.appUrl })
  await client.connect()
  await listener.connect()
  listener.on('notification', ({ payload = '' }) => notices.push(payload))
  notices = []
  await listener.query('listen silver_auth_changed')
  household = await makeHousehold(world)
  const { organization, owner } = household
  await world.sql('insert into platform_admins (user_id) values ($1)', [owner.id])
  expect((await owner.get(`/v1/orgs/${organization.id}`)).status).toBe(200)
  asked = await askedOf(world, async () => {
    for (const read of Object.values(readers)) await read(world, household)
  })
})
afterAll(async () => {
  await client.end()
  await listener.end()
})

/** What an answer rests on, as its query says it. */
async function tagsOf(name: CacheName): Promise<string[]> {
  const { query, input } = asked.get(name) as Asked
  return (await query.find(world.ctx, input))?.tags ?? []
}

/** Every column that the query of an answer reads, also where it only compares. */
async function columnsOf(name: CacheName): Promise<string[]> {
  const { query, input } = asked.get(name) as Asked
  const texts = await listQueries(() => query.find(world.ctx, input))
  const columns = new Set<string>()
  await takenBack(async () => {
    for (const text of texts.filter((each) => each.startsWith('select')))
      for (const column of await listReadColumns(client, text)) columns.add(column)
  })
  return [...columns].sort()
}

/** Runs `work` in the superuser's transaction and takes it back; returns the tags of what it changed. */
async function takenBack(work: () => Promise<unknown>): Promise<string[]> {
  await client.query('begin')
  try {
    await work()
    const { rows } = await client.query(`select current_setting('silver_auth.changed', true) as tags`)
    return (rows[0].tags ?? '').split(' ').filter(Boolean)
  } finally {
    await client.query('rollback')
  }
}

/** Lets any column of any row become anything: what else Postgres would check is not what is tested. */
const dropConstraints = () =>
  client.query(`do $$ declare found record; begin
    for found in select conname, conrelid::regclass as name from pg_constraint
      where connamespace = 'public'::regnamespace and contype in ('f', 'c') loop
      execute format('alter table %s drop constraint %I', found.name, found.conname);
    end loop; end $$`)

/** Another value for a column, by its type. */
const otherValue: Record<string, (column: string) => string> = {
  text: (column) => `coalesce(${column}, '') || 'x'`,
  'timestamp with time zone': (column) => `coalesce(${column}, now()) - interval '1 hour'`,
  integer: (column) => `${column} + 1`,
  bytea: (column) => `${column} || '\\x00'`,
  jsonb: (column) => `${column} || '{"other": true}'`,
  ARRAY: (column) => `array_append(${column}, 'https://other.test')`,
}

async function changeColumn(name: string): Promise<void> {
  const [table = '', column = ''] = name.split('.')
  const { rows } = await client.query(
    `select data_type from information_schema.columns where table_schema = 'public' and table_name = $1 and column_name = $2`,
    [table, column],
  )
  const value = otherValue[rows[0].data_type]
  if (!value) throw new Error(`no other value for ${name}, ${rows[0].data_type}`)
  const { rowCount } = await client.query(`update ${table} set ${column} = ${value(column)}`)
  expect(rowCount, `${table} has rows`).toBeGreaterThan(0)
}

// First uses and times of issue only judge tokens that stepped back, and of those no answer is kept.
const judgesSteppedBack = (column: string) =>
  /^(project_)?session_tokens\.(first_used_at|issued_at)$/.test(column)

// When a key was used decides whether its use is noted, and nothing that is answered.
const decidesOnNoting = (column: string) => column === 'secret_keys.last_used_at'

it('knows every cache there is', () => {
  const source = path.join(projectRoot, 'src')
  const named = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && name !== path.join('change', 'cache.ts'))
    .flatMap((name) => [
      ...readFileSync(path.join(source, name), 'utf8').matchAll(/: CachedQuery<[^=]*> = \{\s+name: '(\w+)'/g),
    ])
    .map(([, name]) => name)
  expect(named.sort()).toEqual([...cacheNames].sort())
  expect([...asked.keys()].sort()).toEqual([...cacheNames].sort())
})

describe.each(cacheNames)('what the answers of %s rest on', (name) => {
  it('tells its tag when any column that is read changes', async () => {
    const tags = await tagsOf(name)
    const columns = (await columnsOf(name)).filter(
      (column) => !judgesSteppedBack(column) && !decidesOnNoting(column),
    )
    expect(columns.length).toBeGreaterThan(3)
    const untold: string[] = []
    for (const column of columns) {
      const changed = await takenBack(async () => {
        await dropConstraints()
        await changeColumn(column)
      })
      if (!changed.some((tag) => tag === '*' || tags.includes(tag))) untold.push(column)
    }
    expect(untold).toEqual([])
  })

  it('tells its tag when rows of it are deleted', async () => {
    const tags = await tagsOf(name)
    const tables = new Set((await columnsOf(name)).map((column) => column.split('.')[0]))
    const untold: string[] = []
    for (const table of tables) {
      const changed = await takenBack(async () => {
        await dropConstraints()
        // One that refuses nothing and nobody is in no answer.
        if (table === 'session_organizations')
          await client.query('alter table session_organizations disable trigger notice_change')
        if (table === 'session_organizations')
          await client.query('update session_organizations set revoked_at = now()')
        await client.query(`delete from ${table}`)
      })
      if (!changed.some((tag) => tags.includes(tag))) untold.push(table ?? '')
    }
    expect(untold).toEqual([])
  })
})

describe('a row that is added', () => {
  it('tells of a membership and of a platform admin', async () => {
    const { organization, visitor } = household
    const values = [newId('mem'), organization.id, visitor.id]
    const membership = `insert into memberships (id, organization_id, user_id, role) values ($1, $2, $3, 'viewer')`
    expect(await takenBack(() => client.query(membership, values))).toEqual([`user:${visitor.id}`])
    const admin = 'insert into platform_admins (user_id) values ($1)'
    expect(await takenBack(() => client.query(admin, [visitor.id]))).toEqual([`user:${visitor.id}`])
  })

  it('tells of a session that is refused before it was seen', async () => {
    const [session] = await world.sql('select id from sessions where user_id = $1', [household.visitor.id])
    const refusal = `insert into session_organizations (session_id, organization_id, address, revoked_at)
      select $1, id, '', now() from organizations on conflict do nothing`
    expect(await takenBack(() => client.query(refusal, [session?.id]))).toEqual([`session:${session?.id}`])
  })

  it('tells nothing of a new session, which is in no answer', async () => {
    notices = []
    await world.signIn(household.owner.email)
    await listener.query('select 1')
    expect(notices).toEqual([])
  })
})

describe('a row that moves', () => {
  it('tells of whom it leaves and of whom it comes to', async () => {
    const { owner, visitor, organization } = household
    const changed = await takenBack(() =>
      client.query('update memberships set user_id = $1 where user_id = $2 and organization_id = $3', [
        visitor.id,
        owner.id,
        organization.id,
      ]),
    )
    expect(changed.sort()).toEqual([`user:${owner.id}`, `user:${visitor.id}`].sort())
  })

  it('tells everybody when it comes back from the dead: no answer has its tag', async () => {
    await takenBack(async () => {
      await client.query('update organizations set deleted_at = now()')
      await client.query(`select set_config('silver_auth.changed', '', true)`)
      await client.query('update organizations set deleted_at = null')
      const { rows } = await client.query(`select current_setting('silver_auth.changed') as tags`)
      expect(rows[0].tags).toBe('*')
    })
    await takenBack(async () => {
      await client.query(`update secret_keys set expires_at = now() - interval '1 minute'`)
      await client.query(`select set_config('silver_auth.changed', '', true)`)
      await client.query('update secret_keys set expires_at = null')
      const { rows } = await client.query(`select current_setting('silver_auth.changed') as tags`)
      expect(rows[0].tags).toBe('*')
    })
  })
})

describe('nothing is told', () => {
  it.each([
    ['a session is seen', 'update sessions set last_seen_at = now(), address = $$x$$, user_agent = $$y$$'],
    ['a project session is seen', 'update project_sessions set last_seen_at = now()'],
    ['a key is used', 'update secret_keys set last_used_at = now()'],
    ['a token is used for the first time', 'update session_tokens set first_used_at = now()'],
    ['a project token is used for the first time', 'update project_session_tokens set first_used_at = now()'],
    [
      'an organization sees a session',
      `update session_organizations set last_seen_at = now(), address = 'x'`,
    ],
    ['a password changes', `update password_credentials set password_hash = 'x'`],
  ])('when %s', async (_what, statement) => {
    const changed = await takenBack(async () => {
      expect((await client.query(statement)).rowCount).toBeGreaterThan(0)
    })
    expect(changed).toEqual([])
  })

  it('when what has ended is swept away', async () => {
    const changed = await takenBack(async () => {
      await client.query(`update secret_keys set expires_at = now() - interval '31 days'`)
      await client.query('update session_tokens set superseded_at = now()')
      await client.query('update project_session_tokens set superseded_at = now()')
      await client.query(`update sessions set expires_at = now() - interval '31 days'`)
      await client.query('update project_sessions set revoked_at = now()')
      await client.query(`select set_config('silver_auth.changed', '', true)`)
      await client.query('delete from secret_keys')
      await client.query('delete from session_tokens')
      await client.query('delete from project_session_tokens')
      await client.query('delete from project_sessions')
      await client.query('delete from sessions')
    })
    expect(changed).toEqual([])
  })

  it('of what the service writes down in batches', async () => {
    const { owner, project, visit } = household
    await client.query(`alter table sessions disable trigger user; alter table project_sessions disable trigger user;
      update sessions set last_seen_at = now() - interval '2 minutes';
      update project_sessions set last_seen_at = now() - interval '2 minutes';
      update session_organizations set last_seen_at = now() - interval '2 minutes';
      alter table sessions enable trigger user; alter table project_sessions enable trigger user`)
    world.ctx.cache.forgetAll()
    notices = []
    for (const read of Object.values(readers)) await read(world, household)
    await owner.get(`/v1/orgs/${project.organization.id}`)
    await world.ctx.batches.flush()
    await listener.query('select 1')
    const [seen] = await world.sql(
      `select (select count(*)::int from sessions where last_seen_at > now() - interval '1 minute') as sessions,
         (select count(*)::int from project_sessions where last_seen_at > now() - interval '1 minute') as apps,
         (select count(*)::int from secret_keys where last_used_at > now() - interval '1 minute') as keys`,
    )
    expect(seen?.sessions).toBeGreaterThan(0)
    expect({ apps: seen?.apps, keys: seen?.keys, token: visit.sessionToken.length }).toEqual({
      apps: 1,
      keys: 1,
      token: 43,
    })
    expect(notices).toEqual([])
  })
})

describe('a transaction', () => {
  const touch = `update users set updated_at = now() where id = $1`

  it('tells at its COMMIT, by whatever role, and once', async () => {
    notices = []
    const app = new pg.Client({ connectionString: world.database.appUrl })
    await app.connect()
    await app.query('begin')
    await app.query(touch, [household.owner.id])
    await app.query(touch, [household.owner.id])
    await listener.query('select 1')
    expect(notices).toEqual([])
    await app.query('commit')
    await listener.query('select 1')
    expect(notices).toEqual([`user:${household.owner.id}`])
    const { rows } = await app.query(`select current_setting('silver_auth.changed', true) as tags`)
    expect(rows[0].tags, 'the next transaction begins with nothing').toBe('')
    await app.end()
  })

  it('that is taken back tells nothing, in part or as a whole', async () => {
    notices = []
    await takenBack(() => client.query(touch, [household.owner.id]))
    await client.query('begin')
    await client.query('savepoint half')
    await client.query(touch, [household.owner.id])
    await client.query('rollback to savepoint half')
    await client.query(touch, [household.visitor.id])
    const { rows } = await client.query(`select current_setting('silver_auth.changed') as tags`)
    expect(rows[0].tags).toBe(`user:${household.visitor.id} `)
    await client.query('commit')
    await listener.query('select 1')
    expect(notices).toEqual([`user:${household.visitor.id}`])
  })

  it('that changes very many rows ends as one word for everything', async () => {
    await client.query(
      `insert into users (id, email) select 'usr_' || i, 'many' || i || '@example.com' from generate_series(1, 5000) i`,
    )
    notices = []
    // As long as the service lets a statement run.
    await client.query(
      `begin; set local statement_timeout = 2500; update users set bio = 'changed' where email like 'many%'`,
    )
    const { rows } = await client.query(`select current_setting('silver_auth.changed') as tags`)
    await client.query('commit')
    await listener.query('select 1')
    expect(rows[0].tags).toBe('*')
    expect(notices.at(-1)).toBe('*')
    expect(notices.length).toBeLessThan(2_000)
  })

  it('needs no right of the runtime role to tell', async () => {
    const [row] = await world.sql(
      `select has_function_privilege('silver_app', 'notice_change()', 'execute') as executes, prosecdef as definer
       from pg_proc where proname = 'notice_change'`,
    )
    expect(row).toEqual({ executes: false, definer: false })
  })
})
