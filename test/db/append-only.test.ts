import { sql } from 'kysely'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { system } from '../../src/actors.ts'
import { change } from '../../src/change/change.ts'
import { verifyAuditLog } from '../../src/features/audit-log/verify.ts'
import { hmacSha256 } from '../../src/lib/secrets.ts'
import { rows } from '../support/embedded-postgres.ts'
import { startSpine } from '../support/spine.ts'

const spine = startSpine()
const tables = ['audit_logs', 'audit_details', 'audit_checkpoints', 'events', 'streams']
let organizationId: string

beforeAll(async () => {
  organizationId = await spine.organization()
  await change(spine.ctx, system('test'), async (_tx, record) => {
    record('project.created', { organizationId, target: 'app_1', data: { name: 'First' } })
  })
})

const asApp = (text: string) => rows(spine.database.appUrl, text)
const contents = async () =>
  Object.fromEntries(
    await Promise.all(
      tables.map(async (table) => [table, await spine.sql(`select * from ${table} order by 1, 2`)] as const),
    ),
  )
const refusal = { code: '42501' }

describe.each(tables)('the runtime role on %s', (table) => {
  let before: unknown
  beforeEach(async () => {
    before = await contents()
  })

  it.each([
    `update ${table} set ${table === 'audit_details' ? 'audit_id = audit_id' : 'id = id'}`,
    `delete from ${table}`,
    `truncate ${table}`,
    `truncate ${table} cascade`,
    `insert into ${table} select * from ${table}`,
    `copy ${table} from stdin`,
    `select * from ${table} for update`,
    `select * from ${table} for key share`,
    `begin; lock table ${table} in exclusive mode`,
    `alter table ${table} add column mine text`,
    `alter table ${table} disable trigger all`,
    `alter table ${table} owner to silver_app`,
    `alter table ${table} rename to elsewhere`,
    `alter table ${table} enable row level security`,
    `create trigger mine before insert on ${table} execute function refuse_change()`,
    `create rule mine as on insert to ${table} do instead nothing`,
    `create policy mine on ${table}`,
    `create index on ${table} ((1))`,
    `drop table ${table} cascade`,
    `comment on table ${table} is 'mine'`,
    `cluster ${table} using ${table}_pkey`,
  ])('refuses: %s', async (statement) => {
    await expect(asApp(statement)).rejects.toMatchObject(refusal)
    expect(await contents()).toEqual(before)
  })

  it.each([
    `grant all on ${table} to silver_app`,
    `grant all on ${table} to public`,
    `revoke all on ${table} from silver_owner`,
  ])('leaves privileges as they were after: %s', async (statement) => {
    const privileges = () => spine.sql(`select relacl::text from pg_class where oid = '${table}'::regclass`)
    const acl = await privileges()
    await asApp(statement).catch((error) => expect(error).toMatchObject(refusal))
    expect(await privileges()).toEqual(acl)
  })
})

it.each([
  `create or replace function append_to_stream(stream text, entries json) returns void language sql as 'select'`,
  `create or replace function audit_hash(previous bytea, entry audit_logs) returns bytea language sql as 'select previous'`,
  `create or replace function refuse_change() returns trigger language plpgsql as 'begin return null; end'`,
  'alter function append_to_stream(text, json) set search_path = mine',
  'alter function append_to_stream(text, json) security invoker',
  `create or replace function audit_prune(days integer, most integer) returns integer language sql as 'select 0'`,
  'alter function audit_prune(integer, integer) owner to silver_app',
  'alter function audit_erase(text[], text, integer) set search_path = mine',
  'drop function audit_prune(integer, integer)',
  `set silver_auth.audit_upkeep = 'on'; delete from audit_logs`,
  `set silver_auth.audit_upkeep = 'on'; update audit_checkpoints set sequence = 1`,
  'select audit_prune(29, 100)',
  'select audit_prune(-1, 100)',
  'select audit_prune(null, 100)',
  'drop function append_to_stream(text, json)',
  'drop function audit_hash(bytea, audit_logs)',
  'drop function refuse_change() cascade',
  'drop trigger append_only on audit_logs',
  `select audit_hash('', audit_logs) from audit_logs`,
  'set session_replication_role = replica',
  `select set_config('session_replication_role', 'replica', false)`,
  'set role silver_owner',
  'set session authorization silver_owner',
  'reassign owned by silver_owner to silver_app',
  'drop owned by silver_owner',
  'alter role silver_owner password null',
  'grant silver_owner to silver_app',
  'alter system set fsync = off',
  'create table mine (id text)',
  'create schema mine',
  'create temporary table streams (id text)',
  'create extension file_fdw',
  'alter schema public owner to silver_app',
  'drop schema public cascade',
  'select * from schema_migrations',
  'delete from schema_migrations',
])('refuses the runtime role: %s', async (statement) => {
  await expect(asApp(statement)).rejects.toMatchObject(refusal)
  expect((await verifyAuditLog(spine.ctx.db)).flaws).toEqual([])
})

const entry = {
  id: 'aud_forged',
  action: 'forged',
  actorKind: 'system',
  actorId: null,
  targetId: null,
  requestId: 'forged',
  detailsMac: hmacSha256(Buffer.of(0), '{}').toString('hex'),
  salt: '00',
  details: '{}',
  eventId: null,
  data: {},
}
const hostile: [string, unknown[]][] = [
  ['no stream', [null, JSON.stringify([entry])]],
  ['no entries', [() => organizationId, null]],
  ['a scalar', [() => organizationId, '7']],
  ['an object', [() => organizationId, JSON.stringify(entry)]],
  ['null as an entry', [() => organizationId, '[null]']],
  ['an entry without anything', [() => organizationId, '[{}]']],
  [
    'an id that is taken',
    [
      () => organizationId,
      JSON.stringify([
        { ...entry, id: 'aud_taken' },
        { ...entry, id: 'aud_taken' },
      ]),
    ],
  ],
  [
    'a sequence, a hash and a time of its own',
    [
      () => organizationId,
      JSON.stringify([
        {
          ...entry,
          sequence: 1,
          audit_sequence: -5,
          hash: '00',
          head_hash: '00',
          previous_hash: '00',
          occurred_at: '2001-01-01',
        },
      ]),
    ],
  ],
  [
    'duplicate names',
    [() => organizationId, `[{"id":"aud_first",${JSON.stringify({ ...entry, id: 'aud_second' }).slice(1)}]`],
  ],
  [
    'names as SQL',
    ["'; delete from audit_logs; --", JSON.stringify([{ ...entry, id: "x'); truncate streams; --" }])],
  ],
  ['NUL', [() => organizationId, JSON.stringify([{ ...entry, action: 'a\0b' }])]],
  ['half a surrogate pair', [() => organizationId, JSON.stringify([{ ...entry, action: '\ud800' }])]],
  [
    'a stream of somebody else',
    ['platform', JSON.stringify([{ ...entry, id: 'aud_elsewhere', eventId: 'evt_elsewhere' }])],
  ],
  [
    'numbers where texts belong',
    [() => organizationId, JSON.stringify([{ ...entry, id: 5, action: { a: [1] }, actorId: true }])],
  ],
]

it.each(hostile)('can only append, given %s', async (_what, [stream, entries]) => {
  const before = await contents()
  const { db } = spine.ctx
  await sql`select append_to_stream(${typeof stream === 'function' ? stream() : stream}, ${entries}::json)`
    .execute(db)
    .catch((error) => expect(error.code).toMatch(/^(22|23)/))
  const after = await contents()
  for (const table of ['audit_logs', 'audit_details', 'audit_checkpoints', 'events']) {
    expect(after[table]).toEqual(expect.arrayContaining(before[table] ?? []))
  }
  expect((await verifyAuditLog(db)).flaws).toEqual([])
})

it('is not led astray by what callers can create when the operator lets them', async () => {
  const name = new URL(spine.database.appUrl).pathname.slice(1)
  await spine.sql(`grant temporary on database ${name} to silver_app`)
  await spine.sql('grant create on schema public to silver_app')
  const evil = `language plpgsql as $$ begin raise exception 'ran as %', current_user; end $$`
  await asApp(`
    create temporary table streams (like public.streams);
    create temporary table audit_logs (like public.audit_logs);
    create temporary table audit_details (like public.audit_details);
    create temporary table events (like public.events);
    create temporary table organizations (id text, slug text);
    create function public.json_build_object(text, text, text, text) returns json ${evil};
    create function public.json_array_elements(anyelement, out value json) returns setof json ${evil};
    create function public.date_trunc(unknown_unit varchar, at timestamptz) returns timestamptz ${evil};
    create function public.decode(text, varchar) returns bytea ${evil};
    create function public.equal(text, varchar) returns boolean ${evil};
    create operator public.= (leftarg = text, rightarg = varchar, function = public.equal);
    create function pg_temp.audit_hash(bytea, public.audit_logs) returns bytea ${evil};
    set search_path = pg_temp, public, pg_catalog;
    select public.append_to_stream('${organizationId}', '[${JSON.stringify({ ...entry, id: 'aud_lured' })}]'::json)`)
  expect(await spine.sql(`select stream_id from audit_logs where id = 'aud_lured'`)).toEqual([
    { stream_id: organizationId },
  ])
  expect((await verifyAuditLog(spine.ctx.db)).flaws).toEqual([])
})

describe('events go when they have had their time', () => {
  let streamId: string
  beforeEach(async () => {
    streamId = await spine.organization()
    await spine.sql('delete from events')
    for (let i = 1; i <= 5; i++)
      await change(spine.ctx, system('test'), async (_tx, record) => {
        record('project.created', { organizationId: streamId, target: `app_${i}` })
      })
    await spine.sql(
      `update events set occurred_at = now() - interval '30 days' + sequence * interval '1 hour'`,
    )
  })
  const left = async () => (await spine.events(streamId)).map(({ sequence }) => sequence)

  it('the oldest first and as many as one asks, so that no gap is left', async () => {
    await asApp('select delete_old_events(31, 100)')
    expect(await left()).toEqual([1, 2, 3, 4, 5])
    await asApp('select delete_old_events(7, 2)')
    expect(await left()).toEqual([3, 4, 5])
    await spine.sql('update events set occurred_at = now() where sequence > 3')
    await asApp('select delete_old_events(7, 100)')
    expect(await left()).toEqual([4, 5])
  })

  it.each([0, -1, 'null', -2147483648])('never all of them: days %s', async (days) => {
    await asApp(`select delete_old_events(${days}, 100)`).catch((error) =>
      expect(error).toMatchObject(refusal),
    )
    expect(await left()).toEqual([1, 2, 3, 4, 5])
  })
})
