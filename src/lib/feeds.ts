import { AppError } from '../errors.ts'

export type FeedPosition = { limit: number; after?: number | undefined }

type Feed<Row> = {
  /** The number of the newest there is. */
  findNewest: () => Promise<number>
  listAfter: (sequence: number, most: number) => Promise<Row[]>
}

/**
 * Reads on in a stream that is numbered without gaps. Throws `410 cursor_expired` where what comes next is kept no longer, so
 * that nobody misses it unawares.
 */
export async function readFeed<Row extends { sequence: number }>(
  { limit, after }: FeedPosition,
  { findNewest, listAfter }: Feed<Row>,
): Promise<{ rows: Row[]; nextCursor: string | null }> {
  // First: what was there then, and is not found afterwards, is gone.
  const newest = await findNewest()
  const found = await listAfter(after ?? 0, limit + 1)
  if (after !== undefined && after < newest && found[0]?.sequence !== after + 1) throw expired()
  const rows = found.slice(0, limit)
  const last = rows.at(-1)
  return { rows, nextCursor: found.length > limit && last ? String(last.sequence) : null }
}

const expired = () =>
  new AppError('cursor_expired', 'What comes after this is kept no longer. Begin anew without `after`.')
