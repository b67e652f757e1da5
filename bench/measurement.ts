import type { Bench } from './bench.ts'
import { interleave, type Ratio, ratioFigure, type Subjects, unexpectedFigure } from './compare.ts'
import type { Figure } from './figures.ts'

/** One line of the table in docs/performance.md. */
export type Measurement = {
  name: string
  work: string
  measure: (bench: Bench) => Promise<{ figures: Figure[]; raw?: unknown }>
}

type Comparison = {
  name: string
  work: string
  subjects: (bench: Bench) => Promise<Subjects>
  ratios: Ratio[]
  /** What else belongs to it. */
  more?: (bench: Bench, subjects: Subjects) => Promise<Figure[]>
}

export function comparison({ name, work, subjects: start, ratios, more }: Comparison): Measurement {
  return {
    name,
    work,
    async measure(bench) {
      const subjects = await start(bench)
      const slices = await interleave(bench, subjects)
      const figures = ratios.map((ratio) => ratioFigure(slices, ratio))
      const others = (await more?.(bench, subjects)) ?? []
      return { figures: [...figures, ...others, unexpectedFigure(subjects, slices)], raw: slices }
    },
  }
}
