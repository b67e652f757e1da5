import { availableParallelism } from 'node:os'
import { cold, fewProjects } from './cold.ts'
import { median, rounded } from './figures.ts'
import { load, rate } from './load/load.ts'
import type { Measurement } from './measurement.ts'
import { startService } from './processes.ts'

const leastCores = 4

export const replicas: Measurement = {
  name: 'P12',
  work: 'two replicas against one: checks of new keys per second',
  async measure(bench) {
    const what = 'two replicas / one'
    const cores = availableParallelism()
    if (cores < leastCores)
      return { figures: [{ what, behind: `not measured: ${cores} cores, wants ${leastCores}` }] }
    const tenants = await fewProjects(bench)
    const services = [await startService(bench, tenants), await startService(bench, tenants)]
    const raw = []
    // Every part of a round has keys of its own, so that none is known to the service that gets it.
    const rounds = Math.floor(bench.sizes.slices / 3)
    for (let round = 0; round < rounds; round++) {
      const [one, ...both] = [services[0], ...services].map((service, part) => {
        const { port, requests } = cold(bench, service ?? { port: 0, pid: 0, stop: async () => {} }, tenants)
        const options = {
          port,
          requests: requests(3 * round + part),
          seconds: bench.sizes.sliceSeconds,
          once: true,
        }
        return () => load(bench, options).then(rate)
      })
      const alone = (await one?.()) ?? 0
      const together = await Promise.all(both.map((begin) => begin()))
      raw.push({ alone, together: together.reduce((sum, each) => sum + each, 0) })
    }
    return {
      figures: [
        {
          what,
          value: median(raw.map(({ alone, together }) => together / alone)),
          unit: '×' as const,
          goal: { atLeast: 1.6 },
          behind: `${rounded(median(raw.map(({ together }) => together)))} / ${rounded(median(raw.map(({ alone }) => alone)))} per second`,
        },
      ],
      raw,
    }
  },
}
