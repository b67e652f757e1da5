import type { Bench } from './bench.ts'
import { interleave, ratioFigure, type Subject, type Subjects, unexpectedFigure } from './compare.ts'
import type { Measurement } from './measurement.ts'
import { type Running, startReference, startService } from './processes.ts'
import { makeTenants, type Tenants } from './rows/tenants.ts'
import { applicationRequest, ask } from './subjects.ts'

/** A check of keys that nobody has shown before, against the same three-table join without anything around it. */
export async function coldSubjects(bench: Bench): Promise<Subjects> {
  const tenants = await fewProjects(bench)
  const service = await startService(bench, tenants)
  const { body: answer } = await ask(service, applicationRequest(tenants.secretKeys.at(-1) ?? ''), 200)
  const options = { databaseUrl: tenants.appUrl, answer }
  return {
    ours: cold(bench, service, tenants),
    'per-query': cold(bench, await startReference(bench, 'per-query.ts', options), tenants),
  }
}

/** Each slice gets keys that no slice had before it. */
export function cold({ sizes }: Bench, { port, pid }: Running, { secretKeys }: Tenants): Subject {
  return {
    port,
    pid,
    requests: (slice) =>
      secretKeys.slice(slice * sizes.coldKeys, (slice + 1) * sizes.coldKeys).map(applicationRequest),
    isCold: true,
  }
}

/** Few projects, with so many keys that no slice runs out of them. */
export const fewProjects = (bench: Bench): Promise<Tenants> =>
  bench.once('few projects', () => {
    const [projects] = bench.sizes.growth
    const keys = bench.sizes.coldKeys * (bench.sizes.slices + 2)
    return makeTenants(bench, 'few_projects', {
      tenants: projects,
      keysEach: Math.ceil(keys / projects),
      hasPeople: false,
    })
  })

export const growth: Measurement = {
  name: 'P11',
  work: 'growth of P2 with the number of projects',
  async measure(bench) {
    const [few, many] = bench.sizes.growth
    const tenants = await makeTenants(bench, 'many_projects', {
      tenants: many,
      keysEach: Math.ceil((bench.sizes.coldKeys * (bench.sizes.slices + 2)) / many),
      hasPeople: false,
    })
    // Every key stands for another project and so for other pages of the database.
    const everywhere = { ...tenants, secretKeys: shuffled(tenants.secretKeys) }
    const little = await fewProjects(bench)
    const subjects = {
      few: cold(bench, await startService(bench, little), {
        ...little,
        secretKeys: shuffled(little.secretKeys),
      }),
      many: cold(bench, await startService(bench, tenants), everywhere),
    }
    const slices = await interleave(bench, subjects)
    const ratio = ratioFigure(slices, { of: 'rate', between: ['few', 'many'], goal: { atMost: 1.2 } })
    const what = `time per check at ${many.toLocaleString('en')} projects / at ${few.toLocaleString('en')}`
    return { figures: [{ ...ratio, what }, unexpectedFigure(subjects, slices)], raw: slices }
  },
}

function shuffled(items: string[]): string[] {
  const all = [...items]
  for (let last = all.length - 1; last > 0; last--) {
    const chosen = Math.floor(Math.random() * (last + 1))
    ;[all[last], all[chosen]] = [all[chosen] ?? '', all[last] ?? '']
  }
  return all
}
