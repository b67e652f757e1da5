import { auditPages } from './audit-pages.ts'
import { claimGrowth } from './claims.ts'
import { growth } from './cold.ts'
import { comparisons } from './comparisons.ts'
import { deliveries } from './deliveries.ts'
import { flood } from './flood.ts'
import { hanging, hangingOfOne } from './hanging.ts'
import type { Measurement } from './measurement.ts'
import { replicas } from './replicas.ts'
import { rest } from './rest.ts'
import { revocation } from './revocation.ts'
import { starts } from './starts.ts'

/** In the order of docs/performance.md. */
export const measurements: Measurement[] = [
  ...comparisons,
  revocation,
  deliveries,
  hanging,
  hangingOfOne,
  flood,
  starts,
  rest,
  growth,
  claimGrowth,
  auditPages,
  replicas,
]
