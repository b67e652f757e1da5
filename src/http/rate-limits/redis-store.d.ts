/** The store that @fastify/rate-limit uses itself when it is given a connection; the package has no types for it. */
declare module '@fastify/rate-limit/store/RedisStore.js' {
  import type { Redis } from 'ioredis'

  type Outcome = [error: Error, counted: null] | [error: null, counted: { current: number; ttl: number }]
  type Store = {
    incr(key: string, told: (...outcome: Outcome) => void, windowMs: number, max: number): void
  }

  const RedisStore: {
    new (continueExceeding: boolean, exponentialBackoff: boolean, redis: Redis, keyPrefix: string): Store
  }
  export default RedisStore
}
