import { mkdtemp } from 'node:fs/promises'
import path from 'node:path'
import { freePort, plainEnvironment, projectRoot, start } from '../test/support/spawned.ts'
import { median } from './figures.ts'
import type { Measurement } from './measurement.ts'
import { productionSettings } from './processes.ts'
import { sharedTenants } from './subjects.ts'

export const starts: Measurement = {
  name: 'P9',
  work: 'ready after start',
  async measure(bench) {
    const database = await sharedTenants(bench)
    const existing: number[] = []
    const first: number[] = []
    const second: number[] = []
    for (let round = 0; round < bench.sizes.starts; round++) {
      existing.push(await secondsToReady({ NODE_ENV: 'production', ...productionSettings(bench, database) }))
      const directory = await mkdtemp(path.join(bench.directory, 'start-'))
      first.push(await secondsToReady({ DATA_DIR: directory }))
      second.push(await secondsToReady({ DATA_DIR: directory }))
    }
    const figure = (what: string, seconds: number[], atMost: number) => ({
      what,
      value: median(seconds),
      unit: 's' as const,
      goal: { atMost },
      behind: `${seconds.length} starts, ${Math.min(...seconds).toFixed(2)} to ${Math.max(...seconds).toFixed(2)} s`,
    })
    return {
      figures: [
        figure('existing database', existing, 1),
        figure('embedded, second start', second, 1.5),
        figure('embedded, first start', first, 4),
      ],
    }
  },
}

/** From the start of the process to the line that says it is ready. */
async function secondsToReady(settings: Record<string, string>): Promise<number> {
  const env = plainEnvironment({ PORT: String(await freePort()), ...settings })
  const begunAt = performance.now()
  const service = start(process.execPath, [path.join(projectRoot, 'dist', 'main.js')], {
    env,
    cwd: projectRoot,
  })
  await service.until(/is ready on/)
  const seconds = (performance.now() - begunAt) / 1_000
  service.child.kill('SIGTERM')
  await service.exited
  return seconds
}
