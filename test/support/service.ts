import { Writable } from 'node:stream'
import { system } from '../../src/actors.ts'
import { buildApp } from '../../src/app.ts'
import { type Environment, parseConfig } from '../../src/config.ts'
import { type Context, makeContext, type Phase } from '../../src/context.ts'
import { openDatabase } from '../../src/db/database.ts'
import { rotateSigningKeys } from '../../src/features/sessions/signing-keys.ts'
import { makeLogger } from '../../src/http/logging.ts'
import type { ServerLimits } from '../../src/http/server.ts'
import { hearChanges } from '../../src/serve.ts'
import type { TestDatabase } from './database.ts'
import { testEnvironment } from './settings.ts'

export type TestService = {
  ctx: Context
  port: number
  logLines: string[]
  /** Waits until the service has heard of everything that is committed. */
  hearChanges(): Promise<void>
  stop(): Promise<void>
}

export type ServiceOptions = {
  environment?: Environment
  limits?: ServerLimits
  clock?: () => Date
  monotonicMs?: () => number
  phase?: () => Phase
  /** Leads the connection for notices another way than the rest. */
  noticesThrough?: (url: string) => Promise<string>
  /** For a service that must know its address before it starts; otherwise the system chooses. */
  port?: number
}

/** The service on a free port and a test database, in this process; what it logs is kept. */
export async function startService(
  database: TestDatabase,
  options: ServiceOptions = {},
): Promise<TestService> {
  const config = parseConfig({ ...testEnvironment, DATABASE_URL: database.appUrl, ...options.environment })
  const logLines: string[] = []
  const sink = new Writable({
    write(chunk, _encoding, done) {
      logLines.push(String(chunk))
      done()
    },
  })
  const log = makeLogger('info', sink)
  const { db, close } = openDatabase({
    url: database.appUrl,
    poolMax: 20,
    onLostConnection: (error) => log.warn({ err: error }, 'a database connection was lost'),
  })
  const ctx = makeContext({
    config,
    db,
    log,
    hearsChanges: () => notices.areComplete(),
    ...(options.clock ? { clock: options.clock } : {}),
    ...(options.monotonicMs ? { monotonicMs: options.monotonicMs } : {}),
    ...(options.phase ? { phase: options.phase } : {}),
  })
  const notices = hearChanges(ctx, (await options.noticesThrough?.(database.appUrl)) ?? database.appUrl)
  await rotateSigningKeys(ctx, system('test'), { now: false })
  const app = await buildApp(ctx, options.limits)
  await app.listen({ host: '127.0.0.1', port: options.port ?? 0 })
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    ctx,
    port: address.port,
    logLines,
    hearChanges: () => notices.catchUp(),
    async stop() {
      await app.close()
      await notices.stop()
      await ctx.batches.flush()
      await close()
    },
  }
}
