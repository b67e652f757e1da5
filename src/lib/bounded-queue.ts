import { AppError } from '../errors.ts'

export type BoundedQueue = { run<T>(work: () => Promise<T>): Promise<T>; size(): number }

/** Runs at most `atOnce` pieces of work together and lets `waiting` more wait; beyond that throws `503 service_unavailable`. */
export function boundedQueue(options: { atOnce: number; waiting: number }): BoundedQueue {
  const queue: (() => void)[] = []
  let running = 0
  return {
    size: () => running + queue.length,
    async run(work) {
      if (running >= options.atOnce) {
        if (queue.length >= options.waiting) {
          throw new AppError('service_unavailable', 'Too much work at once. Try again shortly.', {
            retryAfterSeconds: 2,
          })
        }
        // Whoever finishes hands its place over, so a newcomer never overtakes those who wait.
        await new Promise<void>((resolve) => queue.push(resolve))
      } else running++
      try {
        return await work()
      } finally {
        const next = queue.shift()
        if (next) next()
        else running--
      }
    },
  }
}
