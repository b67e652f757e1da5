export type Goal = { atLeast: number } | { atMost: number }

/** One measured number. `value` is absent where this machine cannot tell, and `behind` says why, or what it was made of. */
export type Figure = {
  what: string
  value?: number
  unit?: 'ms' | 's' | 'MB' | '%' | '×'
  goal?: Goal
  behind?: string
}

/** Whether the goal is met; undefined for a figure without one, or without a value. */
export function isReached({ value, goal }: Figure): boolean | undefined {
  if (value === undefined || goal === undefined) return undefined
  return 'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const [below = Number.NaN, above = below] = sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1)
  return (below + above) / 2
}

/** Four digits that count, without trailing zeros. */
export const rounded = (value: number) => Number(value.toPrecision(value >= 1_000 ? 5 : 3))
