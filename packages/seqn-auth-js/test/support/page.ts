import { onTestFinished, vi } from 'vitest'

function storage() {
  const values = new Map<string, string>()
  return {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => values.set(key, value),
    removeItem: (key: string) => values.delete(key),
    keys: () => [...values.keys()],
  }
}

/** Makes this process look like a page at an address, until the test ends. */
export function openPage(href: string) {
  const page = { left: [] as string[], href, sessionStorage: storage(), localStorage: storage() }
  const location = {
    get href() {
      return page.href
    },
    assign: (url: string) => page.left.push(url),
  }
  const history = {
    state: null,
    replaceState: (_state: unknown, _title: string, url: URL) => {
      page.href = String(url)
    },
  }
  const { sessionStorage, localStorage } = page
  for (const [name, value] of Object.entries({ location, history, sessionStorage, localStorage }))
    vi.stubGlobal(name, value)
  vi.stubGlobal('window', globalThis)
  vi.stubGlobal('document', {})
  onTestFinished(() => {
    vi.unstubAllGlobals()
  })
  return page
}
