const tails = new Map<string, Promise<unknown>>()

/** Does one piece of work at a time under a name: among all tabs where the browser has Web Locks, else in this one. */
export function exclusive<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const locks = globalThis.navigator?.locks
  if (!locks) return afterTheLast(name, work)
  let hasBegun = false
  const begin = () => {
    hasBegun = true
    return work()
  }
  return (locks.request(name, begin) as Promise<Result>).catch((error) => {
    if (hasBegun) throw error
    // Sandboxed frames and the like have locks and may not use them.
    return afterTheLast(name, work)
  })
}

function afterTheLast<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const result = (tails.get(name) ?? Promise.resolve()).then(work)
  const tail = result
    .catch(() => {})
    .then(() => {
      if (tails.get(name) === tail) tails.delete(name)
    })
  tails.set(name, tail)
  return result
}
