import type { Context } from '../../context.ts'
import { isPublishableKey } from '../keys/key-format.ts'
import { findClientConfig } from './queries.ts'

/** The active project of a publishable key; garbage is refused by its form, without a query. */
export async function findActiveProject(ctx: Context, publishableKey: unknown) {
  if (!isPublishableKey(publishableKey)) return undefined
  const [project] = await findClientConfig(ctx.db, { publishableKey })
  return project?.status === 'active' ? project : undefined
}

export type ActiveProject = NonNullable<Awaited<ReturnType<typeof findActiveProject>>>
