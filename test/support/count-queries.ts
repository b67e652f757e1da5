import pg from 'pg'

type Client = pg.Client & { connectionParameters: { application_name: string } }

/** How many statements the service sent to Postgres while `work` ran; probes of the connection for notices are no work. */
export async function countQueries(work: () => Promise<unknown>): Promise<number> {
  return (await listQueries(work)).length
}

/** The texts of these statements. */
export async function listQueries(work: () => Promise<unknown>): Promise<string[]> {
  const { query } = pg.Client.prototype
  const texts: string[] = []
  // biome-ignore lint/suspicious/noExplicitAny: pg's overloads of query cannot be restated
  pg.Client.prototype.query = function (this: pg.Client, ...args: any[]): any {
    const { application_name } = (this as Client).connectionParameters
    const isWork = this.user === 'silver_app' && application_name !== 'silver-auth notices'
    if (isWork) texts.push(args[0]?.text ?? String(args[0]))
    // biome-ignore lint/suspicious/noExplicitAny: as above
    return (query as any).apply(this, args)
  }
  try {
    await work()
  } finally {
    pg.Client.prototype.query = query
  }
  return texts
}
