import closeWithGrace from 'close-with-grace'
import type { Config } from '../config.ts'
import type { Demo } from '../features/setup/demo.ts'
import { makeLogger, standardOutput } from '../http/logging.ts'
import { version } from '../lib/package-root.ts'
import { steadyEngine } from '../lib/steady-engine.ts'
import { type Parts, serve as start } from '../serve.ts'
import { type Command, UsageError } from './command.ts'

const longestStopMs = 28_000

steadyEngine()

export const serve: Command = {
  summary: 'run the service (the default command)',
  usage: 'serve',
  flags: {
    'no-worker': 'answer requests, and leave webhooks to other processes (WEBHOOK_WORKER=off)',
    'worker-only': 'deliver webhooks, and answer /livez and /healthz alone',
  },
  run: async ({ config, flags }) => {
    const log = makeLogger(config.logLevel, standardOutput())
    const service = await start(config, log, partsOf(config, flags))
    const isOver = new Promise<void>((resolve) => {
      closeWithGrace({ delay: longestStopMs, logger: false }, async ({ signal, err }) => {
        if (err) log.fatal({ err }, 'stopping after an error that nothing caught')
        else log.info({ signal }, 'stopping')
        await service.stop(err ? 0 : config.drainSeconds * 1_000)
        resolve()
      })
    })
    void service.ready.then(
      ({ demo }) => process.stdout.write(greeting(config, demo)),
      () => undefined,
    )
    await isOver
    return 0
  },
}

function partsOf(config: Config, flags: Set<string>): Parts {
  const isWorkerOnly = flags.has('worker-only')
  const hasNoWorker = flags.has('no-worker')
  if (isWorkerOnly && hasNoWorker) throw new UsageError('--no-worker and --worker-only exclude each other')
  return { api: !isWorkerOnly, worker: isWorkerOnly || (config.webhooks.worker && !hasNoWorker) }
}

function greeting(config: Config, demo: Demo | undefined): string {
  const base = config.publicBaseUrl
  const ready = `\nSilver Auth ${version} is ready on ${base} (node ${process.version})\n`
  if (!demo) return `${ready}\n`
  return `${ready}
First start: a demonstration workspace was made. Its secrets are shown here and never again.

  Console          ${base}/auth/console
  E-mail           ${demo.email}
  Password         ${demo.password}
  Publishable key  ${demo.publishableKey}
  Secret key       ${demo.secretKey}

Try it:

  curl -s ${base}/v1/client/config -H 'X-SEQN-Publishable-Key: ${demo.publishableKey}'
  curl -s ${base}/v1/backend/application -H 'Authorization: Bearer ${demo.secretKey}'
  curl -si ${base}/auth/console

`
}
