import { hash } from 'node:crypto'
import RedisStore from '@fastify/rate-limit/store/RedisStore.js'
import { Redis } from 'ioredis'
import type { Logger } from 'pino'
import type { Windows } from './windows.ts'

const answerWithinMs = 100
const retryMs = 1_000
const prefix = 'silver-auth:rate-limit:'

type Options = { url: string; windowMs: number; memory: Windows; log: Logger }

/**
 * Windows that all replicas share, counted by the store of @fastify/rate-limit. Whatever goes wrong with Redis ends the
 * connection: from then on requests are counted in `memory` and wait for nothing, until a new connection has counted.
 */
export function redisWindows({ url, windowMs, memory, log }: Options) {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: retryMs,
    commandTimeout: retryMs,
    disconnectTimeout: answerWithinMs,
    retryStrategy: () => retryMs,
    // Nothing waits for a connection, and nothing is sent again: what was not counted there was counted in memory.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    disableClientInfo: true,
  })
  const store = new RedisStore(false, false, redis, prefix)
  let isCounting = false
  let isAbandoned = false
  let hasFailed = false
  let hasClosed = false

  function fail(error: Error): void {
    isCounting = false
    if (hasFailed || hasClosed) return
    hasFailed = true
    // The message alone: an error of ioredis carries its command, and that may be the one with the password.
    log.warn({ reason: reasonOf(error) }, 'Redis does not count requests: they are counted in memory')
  }
  function abandon(error: Error): void {
    fail(error)
    if (isAbandoned || redis.status !== 'ready') return
    isAbandoned = true
    redis.disconnect(true)
  }
  /** Tells once: what Redis counted, or nothing when it did not in time. */
  function ask(key: string, told: (count?: { current: number; ttl: number }) => void): void {
    let isOver = false
    const end = (error: Error | null, count: Parameters<typeof told>[0] | null) => {
      if (isOver) return
      isOver = true
      clearTimeout(deadline)
      if (error) abandon(error)
      told(count ?? undefined)
    }
    // After a look at what has arrived: this process may have been the slow one.
    const late = () => setImmediate(end, new Error(`no answer within ${answerWithinMs} ms`), null)
    const deadline = setTimeout(late, answerWithinMs)
    store.incr(key, end, windowMs, 0)
  }
  function prove(): void {
    isAbandoned = false
    ask('proof', (count) => {
      if (!count) return
      isCounting = true
      hasFailed = false
      log.info('Redis counts requests')
    })
  }
  redis.on('error', fail)
  redis.on('close', () => fail(new Error('the connection was closed')))
  redis.on('ready', prove)

  const windows: Windows = (bucket) => {
    const countInMemory = memory(bucket)
    return (caller, detail, counted) => {
      if (!isCounting) return countInMemory(caller, detail, counted)
      // Redis need not know who called.
      const key = hash('sha256', `${bucket} ${caller} ${detail}`, 'base64url')
      ask(key, (count) => {
        if (count) counted(count.current, count.ttl)
        else countInMemory(caller, detail, counted)
      })
    }
  }

  return {
    windows,
    connect: () => void redis.connect().catch(fail),
    close() {
      hasClosed = true
      redis.disconnect()
    },
  }
}

/** Several failed addresses of one host come as an error without a message of its own. */
const reasonOf = ({ message, code }: NodeJS.ErrnoException) => message || code
