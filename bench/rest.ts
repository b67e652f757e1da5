import { setTimeout as wait } from 'node:timers/promises'
import type { Bench } from './bench.ts'
import type { Figure } from './figures.ts'
import { load, type Request } from './load/load.ts'
import type { Measurement } from './measurement.ts'
import { busySeconds, canTell, residentMegabytes } from './process-facts.ts'
import { applicationRequest, startWithTenants } from './subjects.ts'

const atOnce = 100_000
const settleMs = 5_000

export const rest: Measurement = {
  name: 'P10',
  work: 'memory and CPU at rest, and memory after many client addresses',
  async measure(bench) {
    if (!canTell) {
      return { figures: [{ what: 'memory and CPU', behind: 'not measured: needs /proc' }] }
    }
    const { idleSeconds, addresses } = bench.sizes
    const { service } = await startWithTenants(bench, { TRUSTED_PROXIES: '127.0.0.1' })
    await wait(settleMs)
    const idle = await busyShare(service.pid, idleSeconds)
    const atRest = residentMegabytes(service.pid)
    await knock(bench, service.port, () => '192.0.2.1')
    await wait(settleMs)
    const afterOne = residentMegabytes(service.pid)
    await knock(bench, service.port, address)
    await wait(settleMs)
    const afterAll = residentMegabytes(service.pid)
    const many = addresses.toLocaleString('en')
    const megabytes = (what: string, value: number, atMost: number, behind: string): Figure => ({
      what,
      value,
      unit: 'MB',
      goal: { atMost },
      behind,
    })
    return {
      figures: [
        { what: `CPU of ${idleSeconds} idle seconds`, value: idle * 100, unit: '%', goal: { atMost: 1 } },
        megabytes('memory at rest', atRest, 150, 'resident set'),
        megabytes(
          `added by ${many} addresses`,
          afterAll - afterOne,
          50,
          `${afterAll.toFixed(0)} MB, after as many requests from one address ${afterOne.toFixed(0)} MB`,
        ),
      ],
      raw: { idle, atRest, afterOne, afterAll },
    }
  },
}

/** So many requests with garbage keys, the n-th from the address of that number. */
async function knock(bench: Bench, port: number, from: (n: number) => string): Promise<void> {
  const garbage = applicationRequest('sk_live_garbage')
  for (let n = 0; n < bench.sizes.addresses; n += atOnce) {
    const count = Math.min(atOnce, bench.sizes.addresses - n)
    const requests = Array.from(
      { length: count },
      (_, index): Request => ({
        ...garbage,
        headers: { ...garbage.headers, 'x-forwarded-for': from(n + index) },
      }),
    )
    const { requests: sent } = await load(bench, { port, requests, seconds: 120, once: true })
    if (sent < count * 0.99) throw new Error(`only ${sent} of ${count} requests were answered`)
  }
}

const address = (n: number) => `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`

async function busyShare(pid: number, seconds: number): Promise<number> {
  const before = busySeconds(pid)
  await wait(seconds * 1_000)
  return (busySeconds(pid) - before) / seconds
}
