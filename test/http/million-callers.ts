import type { FastifyRequest } from 'fastify'
import { type Limit, type LimitName, limits } from '../../src/http/rate-limits/limits.ts'
import { memoryWindows } from '../../src/http/rate-limits/memory-windows.ts'
import type { Windows } from '../../src/http/rate-limits/windows.ts'

// A program: counts three million callers as the limiter does, and prints what that took and how often it saw the one
// who came back all the time.

const million = 1_000_000
const request = (address: string, key?: string) =>
  ({ facts: { address }, headers: { 'x-seqn-publishable-key': key }, query: {} }) as unknown as FastifyRequest

const spread = (number: number) => [number >>> 16, (number >>> 8) & 255, number & 255]
const floods: [LimitName, (number: number) => FastifyRequest][] = [
  ['default', (number) => request(`10.${spread(number).join('.')}`)],
  ['default', (number) => request(`2001:db8:${spread(number).join(':')}::${number & 7}`)],
  ['clientConfig', (number) => request(`10.${spread(number).join('.')}`, `${number} ${'k'.repeat(80)}`)],
]

function count(windows: Windows, name: LimitName, asked: FastifyRequest): number {
  const { by, and = () => '' }: Limit = limits[name]
  let seen = 0
  windows(name)(by(asked), and(asked), (count) => {
    seen = count
  })
  return seen
}

function floodWithCallers(windows: Windows, callers: number): number {
  let busyCount = 0
  for (const [name, caller] of floods)
    for (let number = 0; number < callers; number++) {
      count(windows, name, caller(number))
      if (number % 1_000 === 0) busyCount = count(windows, 'health', request('192.0.2.1'))
    }
  return busyCount
}

function heldBytes() {
  global.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const options = { now: Date.now, windowMs: 3_600_000 }
// What the engine keeps of any work of this kind is there before.
floodWithCallers(memoryWindows({ ...options, places: 8 }), million / 10)
const before = heldBytes()
const windows = memoryWindows(options)
const busyCount = floodWithCallers(windows, million)
process.stdout.write(JSON.stringify({ busyCount, addedBytes: heldBytes() - before }))
