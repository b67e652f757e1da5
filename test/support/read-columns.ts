import type pg from 'pg'

/** The columns that a query reads anywhere, as `table.column`: what Postgres notes of a view that is the same query. */
export async function listReadColumns(client: pg.ClientBase, text: string): Promise<string[]> {
  await client.query('savepoint before_view')
  await client.query(`create view same_query as ${text.replace(/\$\d+/g, 'null')}`)
  const { rows } = await client.query<{ name: string }>(
    `select distinct relname || '.' || attname as name
     from pg_depend
     join pg_rewrite on pg_rewrite.oid = objid and ev_class = 'same_query'::regclass
     join pg_class on pg_class.oid = refobjid and refobjid <> ev_class
     join pg_attribute on attrelid = refobjid and attnum = refobjsubid
     where classid = 'pg_rewrite'::regclass and refclassid = 'pg_class'::regclass and refobjsubid > 0
     order by name`,
  )
  await client.query('rollback to savepoint before_view')
  return rows.map(({ name }) => name)
}
