import { invalidInput } from '../errors.ts'
import type { Cursors } from './cursor.ts'

export type Page = { limit: number; cursor?: string | undefined }

/**
 * Reads one page of a list that is keyset-paged by id, or by what `positionOf` a row says; `scope` names list, tenant and
 * filters. Throws on a foreign cursor.
 */
export async function readPage<Row extends { id: string }>(
  { cursors }: { cursors: Cursors },
  scope: string,
  { limit, cursor }: Page,
  read: (keyset: { most: number; before: string | undefined }) => Promise<Row[]>,
  positionOf = ({ id }: Row) => id,
): Promise<{ rows: Row[]; nextCursor: string | null }> {
  const before = cursor === undefined ? undefined : cursors.read(scope, cursor)
  if (cursor !== undefined && before === undefined)
    throw invalidInput('cursor', 'is not a cursor of this list')
  const found = await read({ most: limit + 1, before })
  const rows = found.slice(0, limit)
  const last = rows.at(-1)
  return { rows, nextCursor: found.length > limit && last ? cursors.make(scope, positionOf(last)) : null }
}
