/** The fields of `before` that are different in `after`, as they were. */
export function changedFrom<Facts extends object>(before: Facts, after: Facts): Partial<Facts> {
  const now = after as Record<string, unknown>
  const different = Object.entries(before).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(now[name]),
  )
  return Object.fromEntries(different) as Partial<Facts>
}
