import { type Figure, isReached, rounded } from './figures.ts'
import type { Measurement } from './measurement.ts'

export type Measured = Pick<Measurement, 'name' | 'work'> & {
  figures: Figure[]
  raw?: unknown
  seconds: number
}

const header = ['#', 'Work', 'Figure', 'Value', 'Goal', 'Reached', 'Behind it']

/** The table of docs/performance.md. */
export function markdown(all: Measured[]): string {
  const rows = all.flatMap(({ name, work, figures }) =>
    figures.map((figure, index) => [
      index === 0 ? name : '',
      index === 0 ? work : '',
      figure.what,
      shownValue(figure),
      shownGoal(figure),
      { true: 'yes', false: '**no**', undefined: '' }[String(isReached(figure))] ?? '',
      figure.behind ?? '',
    ]),
  )
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function shownValue({ value, unit }: Figure): string {
  if (value === undefined) return ''
  return [rounded(value).toLocaleString('en'), unit].filter(Boolean).join(' ')
}

function shownGoal({ goal, unit }: Figure): string {
  if (!goal) return ''
  const [sign, value] = 'atLeast' in goal ? ['≥', goal.atLeast] : ['≤', goal.atMost]
  return [sign, value.toLocaleString('en'), unit].filter(Boolean).join(' ')
}
