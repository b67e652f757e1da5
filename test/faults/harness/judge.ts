const shownPerInvariant = 5

/** What a run breaks of these invariants, in words. */
export function judge<Run>(invariants: Record<string, (run: Run) => string[]>, run: Run): string[] {
  return Object.entries(invariants).flatMap(([name, find]) => {
    const found = find(run)
    const shown = found.slice(0, shownPerInvariant).map((what) => `${name}: ${what}`)
    const more = found.length - shown.length
    return more > 0 ? [...shown, `${name}: and ${more} more`] : shown
  })
}
