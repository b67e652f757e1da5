import type { Config } from '../config.ts'
import { type Context, makeContext } from '../context.ts'
import { openDatabase } from '../db/database.ts'
import { type LocatedDatabase, locateDatabase } from '../db/located-database.ts'
import { makeLogger } from '../http/logging.ts'

/** Runs work against the database of the settings; an embedded server that was not running is stopped again afterwards. */
export async function withLocatedDatabase<T>(
  config: Config,
  work: (located: LocatedDatabase) => Promise<T>,
): Promise<T> {
  const located = await locateDatabase(config, () => undefined)
  try {
    return await work(located)
  } finally {
    if (!located.isAdopted) await located.stop()
  }
}

/** The same with a context for use cases. */
export async function withContext<T>(config: Config, work: (ctx: Context) => Promise<T>): Promise<T> {
  return withLocatedDatabase(config, async ({ appUrl }) => {
    const log = makeLogger('warn', process.stderr)
    const onLostConnection = (error: Error) => log.warn({ err: error }, 'a database connection was lost')
    const { db, close } = openDatabase({ url: appUrl, poolMax: 4, onLostConnection })
    const ctx = makeContext({ config, db, log })
    try {
      return await work(ctx)
    } finally {
      await ctx.batches.flush()
      await close()
    }
  })
}
