import { once } from 'node:events'
import { Kysely, PostgresDialect, type Transaction } from 'kysely'
import pg from 'pg'
import { AppError } from '../errors.ts'
import { remainingMs } from '../lib/deadline.ts'
import { statementName } from './prepared.ts'
import type { Schema } from './schema.ts'

export type Db = Kysely<Schema>
export type Tx = Transaction<Schema>

export type Database = {
  db: Db
  pool: pg.Pool
  /** Resolves when the server has let every connection go, so that whoever stops it next disturbs none. */
  close(): Promise<void>
}

// Together shorter than the six seconds after which a caller must have an answer.
const connectTimeoutMs = 2_500
const queryTimeoutMs = 3_000
// Shorter than the client's, so that a slow statement is ended by Postgres and its connection stays good.
const statementTimeoutMs = 2_500
const idleInTransactionTimeoutMs = 10_000
// A server that no longer answers is not waited for.
const goodbyeTimeoutMs = 1_000

/** Opens a pool to `url`. Nothing connects before the first query; a lost or silent database makes queries throw `503 service_unavailable`. */
export function openDatabase(options: {
  url: string
  poolMax: number
  /** Lets Postgres plan named statements each time, for sizes as they are now; it may keep a plan made for empty tables. */
  plansAnew?: boolean
  onLostConnection: (error: Error) => void
}): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolMax,
    application_name: 'silver-auth',
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: queryTimeoutMs,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
    ...(options.plansAnew && { options: '-c plan_cache_mode=force_custom_plan' }),
    keepAlive: true,
    types: { getTypeParser },
  })
  const connections = new Set<pg.PoolClient>()
  // Without both listeners a connection lost between two queries of a transaction ends the process.
  pool.on('error', () => {})
  pool.on('connect', (client) => {
    connections.add(client)
    client.on('error', options.onLostConnection)
    client.on('end', () => connections.delete(client))
  })
  const guardedPool = {
    end: () => pool.end(),
    connect: async () => guarded(await connect(pool).catch(refuseUnavailable)),
  }
  // Kysely uses no more of a pool than these two.
  const dialect = new PostgresDialect({ pool: guardedPool as unknown as pg.Pool })
  const db = new Kysely<Schema>({ dialect })
  return {
    db,
    pool,
    async close() {
      await db.destroy()
      const signal = AbortSignal.timeout(goodbyeTimeoutMs)
      await Promise.allSettled([...connections].map((client) => once(client, 'end', { signal })))
    },
  }
}

/** A connection, unless the caller's time is over first: then it goes back to the pool when it comes. */
async function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  const patienceMs = remainingMs()
  if (patienceMs < 1) throw new Error('the deadline came before a connection')
  const connecting = pool.connect()
  if (patienceMs > connectTimeoutMs) return connecting
  const { promise: overdue, reject } = Promise.withResolvers<never>()
  let isOverdue = false
  const timer = setTimeout(() => {
    isOverdue = true
    reject(new Error('the deadline came before a connection'))
  }, patienceMs)
  void connecting.then(
    (client) => (isOverdue ? client.release() : clearTimeout(timer)),
    () => clearTimeout(timer),
  )
  return Promise.race([connecting, overdue])
}

/** int8 as a number: our counters stay far below 2^53. */
const getTypeParser = ((oid: number, format: 'text' | 'binary') =>
  oid === pg.types.builtins.INT8
    ? Number
    : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser

/** The part of a connection that Kysely uses: hot queries go as named statements, troubles become `service_unavailable`. */
function guarded(client: pg.PoolClient) {
  let isLost = false
  let isForgetful = false

  async function send(text: string, values: unknown[]): Promise<pg.QueryResult> {
    const name = isForgetful ? undefined : statementName(text)
    // pg reads it, its types do not know it.
    const limits = { query_timeout: Math.min(queryTimeoutMs, remainingMs()) }
    if (name === undefined) return client.query({ text, values, ...limits })
    const isInTransaction = client.getTransactionStatus() !== 'I'
    return client.query({ name, text, values, ...limits }).catch((error) => {
      isForgetful ||= isForgottenStatement(error)
      if (!isForgetful || isInTransaction) throw error
      return send(text, values)
    })
  }

  return {
    async query(text: string, values: unknown[]) {
      // Not even ROLLBACK: its answer would be waited for until the next timeout.
      if (isLost) refuseUnavailable('the connection was lost')
      if (remainingMs() < 1) {
        // Losing the connection is what rolls back.
        isLost = client.getTransactionStatus() !== 'I'
        refuseUnavailable('the deadline came before the query')
      }
      return send(text, values).catch((error) => {
        if (!isTrouble(error)) throw error
        isLost ||= !isForgetful && !isSlowStatement(error)
        return refuseUnavailable(error)
      })
    },
    // A connection whose query timed out still waits for the answer: it must not serve the next caller.
    release: () => client.release(isLost || isForgetful),
  }
}

/** Throws what callers are told of any trouble with the database; the trouble itself stays in `cause`. */
export function refuseUnavailable(cause: unknown): never {
  throw new AppError('service_unavailable', 'The database cannot be reached. Try again shortly.', {
    cause,
    retryAfterSeconds: 2,
  })
}

const codeOf = (error: unknown) => (error instanceof pg.DatabaseError ? (error.code ?? '') : undefined)

/** The server no longer knows a named statement (DEALLOCATE, a pooler between), or its result changed by a migration. */
const isForgottenStatement = (error: unknown) =>
  codeOf(error) === '26000' ||
  (codeOf(error) === '0A000' && /cached plan/.test(error instanceof Error ? error.message : ''))

const isSlowStatement = (error: unknown) => codeOf(error) === '57014'

// 08: connection exception, 25006: fell back to a read-only standby, 25P03: idle in transaction for too long,
// 26000: as above, 53: out of resources, 57014: statement timeout, 57P: shut down or terminated.
const troubleCodes = /^(08|25006|25P03|26000|53|57014|57P)/
const troubleMessages = /timeout|terminated|Connection ended|not queryable|ECONN|EPIPE|socket/i

function isTrouble(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = codeOf(error)
  if (code !== undefined) return troubleCodes.test(code) || isForgottenStatement(error)
  return troubleMessages.test(`${(error as NodeJS.ErrnoException).code ?? ''} ${error.message}`)
}
