import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import type { World } from './world.ts'

/**
 * Makes a race certain: holds what `lock` locks (a statement with FOR UPDATE or the like) until `contenders` sessions wait
 * for it, then lets go and returns what the requests answered.
 */
export async function whileLocked<T>(
  world: World,
  lock: { statement: string; values: unknown[] },
  requests: () => Promise<T>[],
): Promise<T[]> {
  const holder = new pg.Client({ connectionString: world.database.superuserUrl })
  await holder.connect()
  try {
    await holder.query('begin')
    await holder.query(lock.statement, lock.values)
    const running = requests()
    await untilWaiting(world, running.length)
    await holder.query('commit')
    return await Promise.all(running)
  } finally {
    await holder.end()
  }
}

/** Waits until so many sessions of the service wait for a lock. */
export async function untilWaiting(world: World, contenders: number): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    const [row] = await world.sql<{ waiting: number }>(
      `select count(*)::int as waiting from pg_stat_activity
       where datname = current_database() and usename = 'silver_app' and wait_event_type = 'Lock'`,
    )
    if ((row?.waiting ?? 0) >= contenders) return
    await wait(25)
  }
  throw new Error(`fewer than ${contenders} sessions came to wait`)
}
