/** Where a client keeps its session. Any of the three may answer with a promise. */
export type SeqnAuthStorage = {
  get(key: string): string | null | undefined | Promise<string | null | undefined>
  set(key: string, value: string): unknown
  remove(key: string): unknown
}

/** Keeps everything until the page or process ends. */
export function memoryStorage(): SeqnAuthStorage {
  const values = new Map<string, string>()
  return {
    get: (key) => values.get(key),
    set: (key, value) => values.set(key, value),
    remove: (key) => values.delete(key),
  }
}

/** A page's `localStorage` or `sessionStorage`; memory where there is none, or it is blocked. */
export function pageStorage(name: 'localStorage' | 'sessionStorage'): SeqnAuthStorage {
  try {
    // Servers may have a localStorage too, which all visitors would share.
    const storage = typeof document === 'undefined' ? undefined : globalThis[name]
    if (!storage) return memoryStorage()
    return {
      get: (key) => storage.getItem(key),
      set: (key, value) => storage.setItem(key, value),
      remove: (key) => storage.removeItem(key),
    }
  } catch {
    return memoryStorage()
  }
}
