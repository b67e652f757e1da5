type Entry<Result> = { result: Promise<Result>; value?: Result; at: number }

/** Does work once per key: those who come at the same time, or within `keptMs` after it succeeded, get the same result. */
export function remembered<Result>(keptMs: number, most = 10_000) {
  const entries = new Map<string, Entry<Result>>()

  function forgetOld(now: number) {
    for (const [key, { at }] of entries) {
      if (now - at < keptMs && entries.size < most) return
      entries.delete(key)
    }
  }

  function once(key: string, work: () => Promise<Result>): Promise<Result> {
    const now = performance.now()
    forgetOld(now)
    const known = entries.get(key)
    if (known) return known.result
    const entry: Entry<Result> = { result: work(), at: now }
    entries.set(key, entry)
    entry.result.then(
      (value) => {
        entry.value = value
      },
      () => entries.get(key) === entry && entries.delete(key),
    )
    return entry.result
  }

  return Object.assign(once, {
    /** What came, or will come, of a key. */
    recall: (key: string) => entries.get(key)?.result,

    /** Forgets what the test picks; it is asked about the newest first. */
    forget(isPicked: (key: string, value: Result | undefined) => boolean) {
      for (const [key, { value }] of [...entries].reverse()) if (isPicked(key, value)) entries.delete(key)
    },
  })
}
