import type { LimitName } from '../../db/plan-tables.ts'

/** What back ends may report, and the limit that it is a part of. Another metric is one more line here. */
export const metrics = {
  monthly_sessions: { limit: 'monthlySessions' },
  api_requests: { limit: null },
} as const satisfies Record<string, { limit: LimitName | null }>

export type Metric = keyof typeof metrics

export const metricNames = Object.keys(metrics) as [Metric, ...Metric[]]
