import { expect, it } from 'vitest'
import { schema } from '../../src/db/schema.ts'
import { startSpine } from '../support/spine.ts'

const spine = startSpine()

const readOnly = ['streams', 'audit_logs', 'audit_details', 'audit_checkpoints', 'events', 'plans']
const mayAll = ['DELETE', 'INSERT', 'SELECT', 'UPDATE']

it('gives the runtime role exactly what grants.sql states on every table', async () => {
  const rows = await spine.sql<{ name: string; privileges: string[] }>(
    `select relname as name,
       array(select privilege from unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'])
         as privilege where has_table_privilege('silver_app', pg_class.oid, privilege) order by privilege) as privileges
     from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')`,
  )
  const stated = Object.fromEntries([
    ...Object.keys(schema).map((table) => [table, readOnly.includes(table) ? ['SELECT'] : mayAll]),
    ['schema_migrations', []],
    ['schema_migrations_lock', []],
  ])
  expect(Object.fromEntries(rows.map(({ name, privileges }) => [name, privileges]))).toEqual(stated)
})

it('gives it nothing on single columns besides', async () => {
  const rows = await spine.sql(
    `select attrelid::regclass::text as table, attname from pg_attribute
     join pg_class on pg_class.oid = attrelid and relnamespace = 'public'::regnamespace
     where attacl is not null`,
  )
  expect(rows).toEqual([])
})

it('lets it run what appends, prunes and erases, two formulas, and no other function of ours', async () => {
  const rows = await spine.sql(
    `select proname as name, prosecdef as definer, proconfig as settings, proowner::regrole::text as owner from pg_proc
     where pronamespace = 'public'::regnamespace and has_function_privilege('silver_app', oid, 'execute') order by name`,
  )
  const settings = ['search_path=pg_catalog, pg_temp']
  const rights = { definer: true, owner: 'silver_owner', settings }
  const none = { definer: false, owner: 'silver_owner', settings: null }
  expect(rows).toEqual([
    { name: 'append_to_stream', ...rights },
    { name: 'audit_erase', ...rights },
    { name: 'audit_prune', ...rights },
    { name: 'delete_old_events', ...rights },
    { name: 'event_selectors', ...none },
    { name: 'webhook_delivery_id', ...none },
  ])
})

it('gives it no way to make objects, to become another role, or to own anything', async () => {
  const [row] = await spine.sql(
    `select has_schema_privilege('silver_app', 'public', 'create') as makes_tables,
       has_database_privilege('silver_app', current_database(), 'create') as makes_schemas,
       has_database_privilege('silver_app', current_database(), 'temporary') as makes_temporary_tables,
       pg_has_role('silver_app', 'silver_owner', 'member') as becomes_owner,
       (select rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls
        from pg_roles where rolname = 'silver_app') as is_powerful,
       (select count(*) from pg_class where relowner = 'silver_app'::regrole) as owns`,
  )
  expect(row).toEqual({
    makes_tables: false,
    makes_schemas: false,
    makes_temporary_tables: false,
    becomes_owner: false,
    is_powerful: false,
    owns: 0,
  })
})
