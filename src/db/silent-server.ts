import pg from 'pg'

const askEveryMs = 1_000
const patienceMs = 2_500

/**
 * Ends the connections of a pool whose server answers nobody any more, so that what waits for it fails instead of waiting for
 * hours, as TCP would. Returns what ends the watch.
 */
export function endWhenSilent(pool: pg.Pool, url: string): () => void {
  const clients = new Set<pg.PoolClient>()
  pool.on('connect', (client) => clients.add(client))
  pool.on('remove', (client) => clients.delete(client))
  let isAsking = false
  const timer = setInterval(async () => {
    if (isAsking) return
    isAsking = true
    if (!(await answers(url))) for (const client of clients) void client.end()
    isAsking = false
  }, askEveryMs).unref()
  return () => clearInterval(timer)
}

/** A refusal is an answer too: the server lives. */
async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: patienceMs,
    query_timeout: patienceMs,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch (error) {
    return error instanceof pg.DatabaseError
  } finally {
    void client.end().catch(() => undefined)
  }
}
