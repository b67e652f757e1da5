import { median, rounded } from './figures.ts'
import { load, type Request } from './load/load.ts'
import type { Measurement } from './measurement.ts'
import { applicationRequest, startWithTenants } from './subjects.ts'

const logins = 100

export const flood: Measurement = {
  name: 'P8',
  work: `${logins} parallel wrong logins: p99 of P1 meanwhile`,
  async measure(bench) {
    const { tenants, service } = await startWithTenants(bench)
    const { port } = service
    const { floods, floodSeconds, sliceSeconds, warmSeconds } = bench.sizes
    const requests = tenants.secretKeys.map(applicationRequest)
    await load(bench, { port, requests, seconds: warmSeconds + sliceSeconds })
    const raw = []
    for (let round = 0; round < floods; round++) {
      const base = await load(bench, { port, requests, seconds: 2 * sliceSeconds })
      const flooding = load(bench, {
        port,
        requests: tenants.secretKeys.map((_, person) => wrongLogin(person)),
        connections: logins,
        seconds: floodSeconds,
      })
      const during = await load(bench, { port, requests, seconds: floodSeconds })
      raw.push({ base, during, logins: await flooding })
    }
    const ratio = median(raw.map(({ base, during }) => during.p99Ms / base.p99Ms))
    const [base, during] = [raw.map((each) => each.base.p99Ms), raw.map((each) => each.during.p99Ms)].map(
      median,
    )
    const wrong = raw.flatMap((each) => [each.base, each.during])
    const logged = median(raw.map((each) => each.logins.requests / each.logins.seconds))
    return {
      figures: [
        {
          what: 'p99 during / before',
          value: ratio,
          unit: '×',
          goal: { atMost: 3 },
          behind: `${rounded(during ?? 0)} / ${rounded(base ?? 0)} ms, ${rounded(logged)} logins per second`,
        },
        {
          what: 'unexpected answers',
          value: wrong.reduce((sum, { refused, broken }) => sum + refused + broken, 0),
          goal: { atMost: 0 },
        },
      ],
      raw,
    }
  },
}

const wrongLogin = (person: number): Request => ({
  method: 'POST',
  path: '/v1/auth/login',
  body: JSON.stringify({ email: `person-${person}@example.com`, password: 'not the right password' }),
})
