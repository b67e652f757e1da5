export type Signal = {
  notify(): void
  /** Calls `listener` at each `notify` until the returned function was called. */
  listen(listener: () => void): () => void
}

/** Tells whoever listens in this process that something happened; without listeners nothing happens. */
export function signal(): Signal {
  const listeners = new Set<() => void>()
  return {
    notify() {
      for (const listener of listeners) listener()
    },
    listen(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
