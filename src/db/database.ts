import { Kysely, PostgresDialect, type Transaction } from 'kysely'
import pg from 'pg'
import { AppError } from '../errors.ts'
import { statementName } from './prepared.ts'
import type { Schema } from './schema.ts'

export type Db = Kysely<Schema>
export type Tx = Transaction<Schema>

export type Database = { db: Db; pool: pg.Pool; close(): Promise<void> }

// Together shorter than the six seconds after which a caller must have an answer.
const connectTimeoutMs = 2_500
const queryTimeoutMs = 3_000
const idleInTransactionTimeoutMs = 10_000

/** Opens a pool to `url`. Nothing connects before the first query; a lost or silent database makes queries throw `503 service_unavailable`. */
export function openDatabase(options: {
  url: string
  poolMax: number
  onLostConnection: (error: Error) => void
}): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolMax,
    Client: NamedStatementClient,
    application_name: 'silver-auth',
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: queryTimeoutMs,
    statement_timeout: queryTimeoutMs,
    idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
    keepAlive: true,
    types: { getTypeParser },
  })
  // Without both listeners a connection lost between two queries of a transaction ends the process.
  pool.on('error', options.onLostConnection)
  pool.on('connect', (client) => client.on('error', options.onLostConnection))
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: unavailableWhenLost(pool) }) })
  return { db, pool, close: () => db.destroy() }
}

/** Sends a statement that `prepare` registered under its name, so that Postgres plans it once per connection. */
class NamedStatementClient extends pg.Client {
  // biome-ignore lint/suspicious/noExplicitAny: pg's overloads of query cannot be restated
  override query(...args: any[]): any {
    const [text, values] = args
    const name = typeof text === 'string' ? statementName(text) : undefined
    // biome-ignore lint/suspicious/noExplicitAny: as above
    const send = super.query as (...args: any[]) => any
    return name ? send.call(this, { name, text, values }, ...args.slice(2)) : send.apply(this, args)
  }
}

/** int8 as a number: our counters stay far below 2^53. */
const getTypeParser = ((oid: number, format: 'text' | 'binary') =>
  oid === pg.types.builtins.INT8
    ? Number
    : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser

/** The part of a pool that Kysely uses, with connection troubles turned into `service_unavailable`. */
function unavailableWhenLost(pool: pg.Pool) {
  return {
    end: () => pool.end(),
    connect: async () => {
      const client = await pool.connect().catch(rethrow)
      let isLost = false
      return {
        // biome-ignore lint/suspicious/noExplicitAny: as above
        query: (...args: any[]) =>
          // biome-ignore lint/suspicious/noExplicitAny: as above
          (client.query as any)(...args).catch((error: unknown) => {
            isLost ||= isConnectionTrouble(error)
            rethrow(error)
          }),
        // A connection whose query timed out still waits for the answer: it must not serve the next caller.
        release: () => client.release(isLost),
      }
    },
  } as unknown as pg.Pool
}

function rethrow(error: unknown): never {
  if (!isConnectionTrouble(error)) throw error
  throw new AppError('service_unavailable', 'The database cannot be reached. Try again shortly.', {
    cause: error,
    retryAfterSeconds: 2,
  })
}

// 08: connection exception, 53: out of resources, 57P: shut down or terminated, 57014: cancelled by the statement timeout.
const troubleCodes = /^(08|53|57P|57014)/
const troubleMessages = /timeout|terminated|Connection ended|not queryable|ECONN|EPIPE|socket/i

function isConnectionTrouble(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error instanceof pg.DatabaseError) return troubleCodes.test(error.code ?? '')
  return troubleMessages.test(`${(error as NodeJS.ErrnoException).code ?? ''} ${error.message}`)
}
