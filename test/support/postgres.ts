import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import { startEmbeddedPostgres } from '../../src/db/embedded-postgres.ts'
import { appRole } from '../../src/db/postgres-roles.ts'
import { makeTemplateDatabase, type TestPostgres } from './database.ts'

declare module 'vitest' {
  interface ProvidedContext {
    postgres: TestPostgres
  }
}

type Shared = { users: number; started: Promise<{ urls: TestPostgres; stop(): Promise<void> }> }

// Each project loads this module anew, so a variable of the module would not be shared between them.
const holder = globalThis as { silverTestPostgres?: Shared | undefined }

/** Vitest's global setup: gives every project the URLs of one server, started by the first and stopped after the last. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  holder.silverTestPostgres ??= { users: 0, started: start() }
  const shared = holder.silverTestPostgres
  shared.users++
  const { urls, stop } = await shared.started
  project.provide('postgres', urls)
  return async () => {
    if (--shared.users > 0) return
    holder.silverTestPostgres = undefined
    await stop()
  }
}

async function start() {
  const directory = await mkdtemp(path.join(tmpdir(), 'silver-auth-test-'))
  const server = await startEmbeddedPostgres({ directory, durable: false, binaries: process.env.PG_BIN_DIR })
  const stop = async () => {
    await server.stop()
    await rm(directory, { recursive: true, force: true })
  }
  const { ownerUrl, appUrl, superuserUrl } = server
  const urls = { ownerUrl, appUrl, superuserUrl }
  try {
    const { migrateUp } = await import('../../src/db/migrate.ts')
    await makeTemplateDatabase(urls, (templateUrl) => migrateUp({ ownerUrl: templateUrl, appRole }))
  } catch (error) {
    await stop()
    throw error
  }
  return { urls, stop }
}
