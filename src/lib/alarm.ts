export type Alarm = {
  /** Ends the sleep, or the next one where nobody sleeps. */
  ring(): void
  /** Sleeps until somebody rings, so long at most. */
  sleep(ms: number): Promise<void>
}

/** A sleep that others can end. One loop sleeps on it. */
export function alarm(): Alarm {
  let hasRung = false
  let wake = () => {}
  return {
    ring() {
      hasRung = true
      wake()
    },
    async sleep(ms) {
      if (!hasRung) {
        const { promise, resolve } = Promise.withResolvers<void>()
        const timer = setTimeout(resolve, ms)
        wake = resolve
        await promise
        clearTimeout(timer)
      }
      hasRung = false
    },
  }
}
