import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/db/embedded-postgres.ts'
import type { Generator } from './load/load.ts'
import type { Sizes } from './sizes.ts'

/** What every measurement stands on: one Postgres, a directory for logs, the load generator, and the secrets of the services. */
export type Bench = {
  sizes: Sizes
  directory: string
  postgres: EmbeddedPostgres
  generator: Generator
  secrets: { session: string; sealing: string }
  /** Makes something once for all measurements. */
  once: <T>(name: string, make: () => Promise<T>) => Promise<T>
  /** Calls `hear` with each line that Postgres logs, until the function that it returns is called. */
  hearPostgres: (hear: (line: string) => void) => () => void
  /** Whether the services write down where their time goes. */
  profiles: boolean
  /** Of the measurement that runs: undone in the opposite order when it is over. */
  whenOver: (undo: () => Promise<unknown>) => void
  endMeasurement: () => Promise<void>
  close: () => Promise<void>
}

export async function openBench(options: {
  sizes: Sizes
  profiles: boolean
  generator: Generator
}): Promise<Bench> {
  const directory = mkdtempSync(path.join(tmpdir(), 'silver-bench-'))
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  const listeners = new Set<(line: string) => void>()
  const postgres = await startEmbeddedPostgres({
    directory: path.join(directory, 'database'),
    log: (line) => {
      for (const hear of listeners) hear(line)
    },
  })
  const made = new Map<string, Promise<unknown>>()
  const undoings: (() => Promise<unknown>)[] = []
  async function endMeasurement(): Promise<void> {
    for (let undo = undoings.pop(); undo; undo = undoings.pop()) await undo()
  }
  return {
    ...options,
    directory,
    postgres,
    secrets: {
      session: randomBytes(32).toString('base64url'),
      sealing: randomBytes(32).toString('base64'),
    },
    once<T>(name: string, make: () => Promise<T>) {
      const promise = (made.get(name) as Promise<T> | undefined) ?? make()
      made.set(name, promise)
      return promise
    },
    hearPostgres(hear) {
      listeners.add(hear)
      return () => listeners.delete(hear)
    },
    whenOver: (undo) => undoings.push(undo),
    endMeasurement,
    async close() {
      await endMeasurement()
      await postgres.stop()
    },
  }
}
