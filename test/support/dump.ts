import type { World } from './world.ts'

type Dump = Record<string, string[]>

/** Every row of every table as text, by table, with what waited to be written. */
export async function dump(world: World): Promise<Dump> {
  await world.ctx.batches.flush()
  const tables = await world.sql<{ name: string }>(
    `select quote_ident(tablename) as name from pg_tables where schemaname = 'public' order by 1`,
  )
  const found: Dump = {}
  for (const { name } of tables) {
    const rows = await world.sql<{ row: string }>(`select t::text as row from ${name} t order by 1`)
    found[name] = rows.map(({ row }) => row)
  }
  return found
}

/** Those rows in which one of these ids stands: what a tenant has. */
export function rowsAbout(all: Dump, ids: string[]): Dump {
  const about = Object.entries(all).map(([table, rows]) => [
    table,
    rows.filter((row) => ids.some((id) => row.includes(id))),
  ])
  return Object.fromEntries(about)
}
