import { type RawBuilder, sql } from 'kysely'
import type { Db } from '../../db/database.ts'
import type { Schema } from '../../db/schema.ts'

/** What tells a row from the others of its table: those of these columns that are its primary key. */
export type RowKey = { id: string; actor_id: string; key: string; state_hash: Buffer }

export type SealedColumn = { table: keyof Schema; column: string; key: (keyof RowKey)[] }

export type SealedRow = RowKey & { sealed: Buffer }

const tuple = (parts: RawBuilder<unknown>[]) => sql`(${sql.join(parts)})`
const columns = ({ key }: SealedColumn) => key.map((name) => sql.ref(name))
const values = ({ key }: SealedColumn, row: RowKey) => key.map((name) => sql`${row[name]}`)

/** At most so many rows that have something sealed here, in the order of their keys, after the row `after`. */
export async function listSealed(
  db: Db,
  place: SealedColumn,
  most: number,
  after: RowKey | undefined,
): Promise<SealedRow[]> {
  const key = columns(place)
  const rest = after ? sql`and ${tuple(key)} > ${tuple(values(place, after))}` : sql``
  const { rows } = await sql<SealedRow>`
    select ${sql.join(key)}, ${sql.ref(place.column)} as sealed from ${sql.table(place.table)}
    where ${sql.ref(place.column)} is not null ${rest} order by ${sql.join(key)} limit ${most}`.execute(db)
  return rows
}

export async function findSealed(db: Db, place: SealedColumn, row: RowKey): Promise<SealedRow | undefined> {
  const { rows } = await sql<SealedRow>`
    select ${sql.join(columns(place))}, ${sql.ref(place.column)} as sealed from ${sql.table(place.table)}
    where ${sql.ref(place.column)} is not null and ${tuple(columns(place))} = ${tuple(values(place, row))}`.execute(
    db,
  )
  return rows[0]
}

/** False where something else, or nothing, is sealed there by now; that is left as it is. */
export async function replaceSealed(
  db: Db,
  place: SealedColumn,
  before: SealedRow,
  sealed: Buffer,
): Promise<boolean> {
  const { numAffectedRows = 0n } = await sql`
    update ${sql.table(place.table)} set ${sql.ref(place.column)} = ${sealed}
    where ${tuple(columns(place))} = ${tuple(values(place, before))}
      and ${sql.ref(place.column)} = ${before.sealed}`.execute(db)
  return numAffectedRows > 0n
}
