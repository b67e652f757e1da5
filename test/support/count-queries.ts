import pg from 'pg'

/** How many statements the service sent to Postgres while `work` ran. */
export async function countQueries(work: () => Promise<unknown>): Promise<number> {
  const { query } = pg.Client.prototype
  let count = 0
  // biome-ignore lint/suspicious/noExplicitAny: pg's overloads of query cannot be restated
  pg.Client.prototype.query = function (this: pg.Client, ...args: any[]): any {
    if (this.user === 'silver_app') count++
    // biome-ignore lint/suspicious/noExplicitAny: as above
    return (query as any).apply(this, args)
  }
  try {
    await work()
  } finally {
    pg.Client.prototype.query = query
  }
  return count
}
