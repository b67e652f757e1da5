import { sql } from 'kysely'
import type { Tx } from '../../src/db/database.ts'

/** How many rows of a table and entries of its indexes some work in a transaction looks at, with what it came to. */
export async function countRowsRead<Result>(
  tx: Tx,
  table: string,
  work: () => Promise<Result>,
): Promise<{ result: Result; read: number }> {
  const before = await readSoFar(tx, table)
  const result = await work()
  return { result, read: (await readSoFar(tx, table)) - before }
}

/** With what transactions before did that are not told to the others yet. */
async function readSoFar(tx: Tx, table: string): Promise<number> {
  const { rows } = await sql<{ read: number }>`
    select sum(pg_stat_get_xact_tuples_returned(oid))::integer as read from pg_class
    where oid = ${table}::regclass
      or oid in (select indexrelid from pg_index where indrelid = ${table}::regclass)`.execute(tx)
  return rows[0]?.read ?? 0
}
