import { executionAsyncResource } from 'node:async_hooks'
import { setFlagsFromString } from 'node:v8'

const kept: object[] = []

/**
 * Keeps V8 from two habits that make about half of all processes slower for life, by what they happened to do while they
 * warmed up. To be called before the first work.
 */
export function steadyEngine(): void {
  // Where many objects live long while the service warms up, V8 goes on to make their likes among the old ones for ever. Requests
  // that are over are then kept alive by one another, and each collection of the young takes 15 ms instead of one.
  setFlagsFromString('--no-allocation-site-pretenuring')
  // `process.nextTick` makes an object with computed names. When a collection meets none of them alive, their shape is
  // forgotten, and each tick takes ten times as long from then on: three microseconds per request.
  process.nextTick(() => kept.push(executionAsyncResource()))
}
