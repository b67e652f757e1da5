import { beforeAll, expect, it } from 'vitest'
import { schema } from '../src/db/schema.ts'
import { startSpine } from './support/spine.ts'

type Column = { type: string; nullable: boolean; defaulted: boolean }
type Tables = Record<string, Record<string, Column>>

const spine = startSpine()
let migrated: Tables = {}

// Kysely's own two tables are nobody else's to read.
const ownTables = `table_schema = 'public' and table_name not like 'schema_migrations%'`

beforeAll(async () => {
  const rows = await spine.sql<Column & { table_name: string; column_name: string }>(
    `select table_name, column_name, data_type as type, is_nullable = 'YES' as nullable,
       column_default is not null as defaulted
     from information_schema.columns where ${ownTables}`,
  )
  migrated = {}
  for (const { table_name, column_name, type, nullable, defaulted } of rows) {
    migrated[table_name] = { ...migrated[table_name], [column_name]: { type, nullable, defaulted } }
  }
})

it('names the tables that the migrations make, no more and no fewer', () => {
  expect(Object.keys(schema).sort()).toEqual(Object.keys(migrated).sort())
})

it.each(Object.keys(schema) as (keyof typeof schema)[])('describes the columns of %s', (table) => {
  expect(schema[table]).toEqual(migrated[table])
})

it('finds every foreign key indexed, so that deleting what it points to does not read a whole table', async () => {
  const rows = await spine.sql(
    `select conrelid::regclass::text as table, conname as name from pg_constraint
     where contype = 'f' and connamespace = 'public'::regnamespace and not exists (
       select from pg_index where indrelid = conrelid and indpred is null
         and indkey[0] = any(conkey)
     ) and confrelid <> 'plans'::regclass`,
  )
  expect(rows).toEqual([])
})
