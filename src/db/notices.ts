import { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'kysely'
import pg from 'pg'
import { randomToken } from '../lib/secrets.ts'
import type { Db } from './database.ts'

const channel = 'silver_auth_changed'
const connectTimeoutMs = 2_500
const proofTimeoutMs = 2_000
const probeEveryMs = 250
const completeForMs = 750
const restAfterMs = 10_000
// A probe that is not answered by then never will be.
const lostAfterMs = 3_000
const retryMs = 500

/** What the database tells of changes (migration 0006), and whether it certainly told all. */
export type Notices = {
  /**
   * Whether everything that was committed up to 750 ms ago has been heard of: a probe that was sent later than that has come
   * back on the same connection. Asking is what keeps the probes going.
   */
  areComplete(): boolean
  /** Waits until all that is committed by now has been heard of; where nobody listens yet, nothing is trusted anyway. */
  catchUp(): Promise<void>
  stop(): Promise<void>
}

type Options = {
  /** Where a proof of delivery is sent from, because a pooler in front of the database would swallow notices unseen. */
  db: Db
  url: string
  /** The tag of what changed, `*` for everything. */
  onChange: (tag: string) => void
  /** Nobody listened until now: anything may have changed. */
  onGap: () => void
  /** Once per outage. */
  onTrouble: (error: unknown) => void
}

type Connection = { probe(): Promise<void>; isOver: Promise<void> }

/** Listens on a connection of its own, and again and again when it is lost or silent. */
export function listenForChanges({ onGap, onTrouble, ...options }: Options): Notices {
  const stopping = new AbortController()
  let connection: Connection | undefined
  let completeUntil = Number.NEGATIVE_INFINITY
  let askedAt = Number.NEGATIVE_INFINITY
  let probing: NodeJS.Timeout | undefined

  /** Until the connection is lost; returns how long it was there. */
  async function listenOnce(): Promise<number> {
    const opened = await open(options, stopping.signal)
    const openedAt = performance.now()
    onGap()
    connection = opened
    await opened.isOver
    connection = undefined
    completeUntil = Number.NEGATIVE_INFINITY
    return performance.now() - openedAt
  }

  async function listenAlways(): Promise<void> {
    let isToldOfTrouble = false
    const tell = (error: unknown) => {
      if (!isToldOfTrouble && !stopping.signal.aborted) onTrouble(error)
      isToldOfTrouble = true
    }
    while (!stopping.signal.aborted) {
      try {
        if ((await listenOnce()) > lostAfterMs) isToldOfTrouble = false
        tell(new Error('the connection for notices was lost'))
      } catch (error) {
        tell(error)
      }
      await wait(retryMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }

  let isProbeOut = false
  async function probe(): Promise<void> {
    if (!connection || isProbeOut) return
    isProbeOut = true
    const sentAt = performance.now()
    await connection.probe().then(
      () => {
        completeUntil = sentAt + completeForMs
      },
      () => undefined,
    )
    isProbeOut = false
  }

  function startProbing(): void {
    probing = setInterval(() => {
      if (performance.now() - askedAt < restAfterMs) return void probe()
      clearInterval(probing)
      probing = undefined
    }, probeEveryMs).unref()
    void probe()
  }

  const listening = listenAlways()
  return {
    areComplete() {
      askedAt = performance.now()
      if (!probing) startProbing()
      return askedAt < completeUntil
    },
    async catchUp() {
      await connection?.probe()
    },
    async stop() {
      clearInterval(probing)
      stopping.abort()
      await listening
    },
  }
}

/** Tells every process, this one too. */
export async function notify(db: Db, tag: string): Promise<void> {
  await sql`select pg_notify(${channel}, ${tag})`.execute(db)
}

/** Connects, listens, and sees a first notice arrive. */
async function open(
  { db, url, onChange }: Pick<Options, 'db' | 'url' | 'onChange'>,
  stopping: AbortSignal,
): Promise<Connection> {
  const socket = new Socket()
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: lostAfterMs,
    application_name: 'silver-auth notices',
    keepAlive: true,
    stream: () => socket,
  })
  // A goodbye would wait for the answer of a server that may be silent.
  const close = () => void socket.destroy()
  client.on('error', close)
  stopping.addEventListener('abort', close)
  const isOver = new Promise<void>((resolve) => client.once('end', resolve))
  void isOver.then(() => stopping.removeEventListener('abort', close))
  const proof = `proof ${randomToken(9)}`
  let proved = () => {}
  const isProved = new Promise<void>((resolve) => {
    proved = resolve
  })
  client.on('notification', ({ payload = '*' }) => {
    if (payload === proof) proved()
    else if (!payload.startsWith('proof ')) onChange(payload)
  })
  try {
    await client.connect()
    await client.query(`listen ${channel}`)
    await Promise.race([
      Promise.all([isProved, notify(db, proof)]),
      isOver.then(() => refuse('the connection for notices was lost')),
      wait(proofTimeoutMs, undefined, { ref: false }).then(() =>
        refuse('a notice was sent and did not arrive: is there a pooler between service and database?'),
      ),
    ])
  } catch (error) {
    close()
    throw error
  }
  return {
    isOver,
    // Answered after every notice of what was committed before it.
    probe: () =>
      client.query('select 1').then(
        () => undefined,
        (error: unknown) => {
          close()
          throw error
        },
      ),
  }
}

function refuse(message: string): never {
  throw new Error(message)
}
