/** Reads page after page, each behind the id that the one before ended with, until one is empty. */
export async function readAllPages<Row>(
  read: (after: string) => Promise<Row[]>,
  idOf: (row: Row) => string,
): Promise<Row[]> {
  const rows: Row[] = []
  for (;;) {
    const last = rows.at(-1)
    const page = await read(last === undefined ? '' : idOf(last))
    if (page.length === 0) return rows
    for (const row of page) rows.push(row)
  }
}
