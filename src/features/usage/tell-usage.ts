import { system } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import { takeUntold } from './queries.ts'

/** Makes one event of all that a project reported of a metric since the last one, a minute at least. Returns how many. */
export async function tellUsage(ctx: Context, most: number): Promise<number> {
  return change.silent(ctx, system('usage'), 'there may be nothing to tell', async (tx, record) => {
    const untold = await takeUntold(tx, most)
    for (const { organization_id, project_id, metric, month, quantity, counter } of untold) {
      const data = { metric, month, projectId: project_id, quantity, counter }
      record('usage.recorded', { organizationId: organization_id, target: project_id, data })
    }
    return untold.length
  })
}
