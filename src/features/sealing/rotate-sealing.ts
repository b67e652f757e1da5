import type { Actor } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import { findSealed, listSealed, type RowKey, replaceSealed, type SealedRow } from './queries.ts'
import { sealedColumns } from './sealed-columns.ts'

type Place = (typeof sealedColumns)[number]

export type Resealed = {
  /** How many values of each `table.column` were sealed anew. */
  resealed: Record<string, number>
  /** What opens with none of the keys, or belongs to another row. */
  unreadable: { place: string; row: string }[]
}

/**
 * Seals under the newest key whatever an older one sealed, also while the service runs. Each value replaces only the one that
 * it was made of, by itself, so it can end anywhere and be begun anew, and who changes a value meanwhile has the last word.
 */
export async function rotateSealing(ctx: Context, actor: Actor, { atOnce = 100 } = {}): Promise<Resealed> {
  const found: Resealed = { resealed: {}, unreadable: [] }
  for (const place of sealedColumns) {
    found.resealed[nameOf(place)] = 0
    let after: RowKey | undefined
    do {
      const rows = await listSealed(ctx.db, place, atOnce, after)
      await Promise.all(rows.map((row) => resealRow(ctx, place, row, found)))
      after = rows.at(-1)
    } while (after)
  }
  await change.silent(ctx, actor, 'nothing may have been left to seal', async (_tx, record) => {
    if (Object.values(found.resealed).some((count) => count > 0))
      record('platform.sealing_key.rotated', {
        target: null,
        details: { resealed: found.resealed, unreadable: found.unreadable.length },
      })
  })
  return found
}

async function resealRow(ctx: Context, place: Place, row: SealedRow, found: Resealed): Promise<void> {
  const name = nameOf(place)
  let sealed: Buffer | undefined
  try {
    sealed = ctx.reseal(place.purpose(row), row.sealed)
  } catch {
    found.unreadable.push({ place: name, row: shown(place, row) })
    return
  }
  if (!sealed) return
  if (await replaceSealed(ctx.db, place, row, sealed)) {
    found.resealed[name] = (found.resealed[name] ?? 0) + 1
    return
  }
  const now = await findSealed(ctx.db, place, row)
  if (now) await resealRow(ctx, place, now, found)
}

const nameOf = ({ table, column }: Place) => `${table}.${column}`

const shown = ({ key }: Place, row: RowKey) =>
  key.map((name) => (name === 'state_hash' ? row[name].toString('hex') : row[name])).join(' ')
