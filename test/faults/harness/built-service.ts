import path from 'node:path'
import { testEnvironment } from '../../support/settings.ts'
import { freePort, plainEnvironment, projectRoot, run, type Spawned, start } from '../../support/spawned.ts'

const main = path.join(projectRoot, 'dist', 'main.js')

type Urls = { appUrl: string; ownerUrl: string }

/** The built service as a process of its own, with settings as in production, before a database. */
export async function builtService({ appUrl, ownerUrl }: Urls, more: Record<string, string> = {}) {
  const port = await freePort()
  const environment = plainEnvironment({
    ...(testEnvironment as Record<string, string>),
    NODE_ENV: 'production',
    PUBLIC_BASE_URL: 'https://accounts.silver.test',
    HOST: '127.0.0.1',
    PORT: String(port),
    DATABASE_URL: appUrl,
    DATABASE_OWNER_URL: ownerUrl,
    LOG_LEVEL: 'warn',
    DRAIN_SECONDS: '0',
    ...more,
  })
  const options = { env: environment, cwd: projectRoot }
  let running: Spawned | undefined

  return {
    port,
    /** Resolves when the process is there; `isReady` tells when it serves. */
    start(...words: string[]) {
      running = start(process.execPath, [main, ...words], options)
      return running
    },
    output: () => running?.output() ?? '',
    async end(signal: NodeJS.Signals) {
      if (!running) return undefined
      running.child.kill(signal)
      return running.exited
    },
    command: (...words: string[]) => run(process.execPath, [main, ...words], options),
  }
}

export type BuiltService = Awaited<ReturnType<typeof builtService>>
