import type { Bench } from './bench.ts'
import { type Figure, type Goal, median, rounded } from './figures.ts'
import { load, type Outcome, type Request, rate } from './load/load.ts'
import { busySeconds } from './process-facts.ts'

/** A server under load. `requests` may give each slice its own; slice 0 is the warm-up. */
export type Subject = {
  port: number
  pid: number
  requests: (slice: number) => Request[]
  /** Every request is sent once, none twice. */
  isCold?: boolean
  /** Every answer must be a refusal, instead of none. */
  isRefused?: boolean
}

export type Subjects = Record<string, Subject>
export type Slice = Outcome & { cpuSeconds: number }
export type Slices = Record<string, Slice[]>

/** What is compared: how much `of` the first is to that of the second in the same round, as the median of all rounds. */
export type Ratio = { of: 'rate' | 'p99'; between: [measured: string, reference: string]; goal: Goal }

const longestPassSeconds = 20
const leadSeconds = 2

/** Loads the subjects in turn, short slices A B A B, so that what disturbs the machine disturbs all of them alike. */
export async function interleave(bench: Bench, subjects: Subjects): Promise<Slices> {
  const { warmSeconds, slices, sliceSeconds } = bench.sizes
  const outcomes: Slices = {}
  for (const { port, requests, isCold = false } of Object.values(subjects)) {
    // Everything once, and then until the code is warm too.
    await load(bench, { port, requests: requests(0), seconds: longestPassSeconds, once: true })
    if (!isCold) await load(bench, { port, requests: requests(0), seconds: warmSeconds })
  }
  for (let slice = 1; slice <= slices; slice++) {
    for (const [name, { port, pid, requests, isCold = false }] of Object.entries(subjects)) {
      // What was not asked while the others had their turns is asked again before it counts.
      if (!isCold) await load(bench, { port, requests: requests(slice), seconds: leadSeconds, once: true })
      const before = busySeconds(pid)
      const options = { port, requests: requests(slice), seconds: sliceSeconds, once: isCold }
      const outcome = await load(bench, options)
      outcomes[name] = [...(outcomes[name] ?? []), { ...outcome, cpuSeconds: busySeconds(pid) - before }]
    }
  }
  return outcomes
}

const measured = { rate, p99: ({ p99Ms }: Outcome) => p99Ms }
/** What a busy machine disturbs least. */
const perCpuSecond = ({ requests, cpuSeconds }: Slice) => requests / cpuSeconds

export function ratioFigure(slices: Slices, { of, between: [ours, theirs], goal }: Ratio): Figure {
  const mine = slices[ours] ?? []
  const others = slices[theirs] ?? []
  const ratio = (figure: (slice: Slice) => number) =>
    median(mine.map((slice, round) => figure(slice) / figure(others[round] ?? slice)))
  const shown = (all: Slice[]) => rounded(median(all.map(measured[of]))).toLocaleString('en')
  const isRate = of === 'rate'
  return {
    what: `${isRate ? 'requests per second' : 'p99'}: ${ours} / ${theirs}`,
    value: ratio(measured[of]),
    unit: '×',
    goal,
    behind:
      `${shown(mine)} / ${shown(others)}` +
      (isRate ? ` per second; ${rounded(ratio(perCpuSecond))} × per CPU second` : ' ms'),
  }
}

/** Answers that should not have come, and requests that never had one. */
export function unexpectedFigure(subjects: Subjects, slices: Slices): Figure {
  const counts = Object.entries(slices).flatMap(([name, outcomes]) =>
    outcomes.map(({ requests, refused, broken }) => {
      const wrong = subjects[name]?.isRefused ? requests - refused : refused
      return { name, count: wrong + broken }
    }),
  )
  const wrong = Map.groupBy(
    counts.filter(({ count }) => count > 0),
    ({ name }) => name,
  )
  const behind = [...wrong.entries()].map(
    ([name, all]) => `${name}: ${all.reduce((sum, { count }) => sum + count, 0)}`,
  )
  return {
    what: 'unexpected answers',
    value: counts.reduce((sum, { count }) => sum + count, 0),
    goal: { atMost: 0 },
    ...(behind.length > 0 ? { behind: behind.join(', ') } : {}),
  }
}
