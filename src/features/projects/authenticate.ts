import type { IncomingHttpHeaders } from 'node:http'
import type { ClientApp } from '../../actors.ts'
import { AppError } from '../../errors.ts'
import type { Authenticate } from '../../http/audiences.ts'
import type { AllowsOrigin } from '../../http/cors.ts'
import { isPublishableKey } from '../keys/key-format.ts'
import { findClientConfig, isOriginRegistered } from './queries.ts'

export type ClientProject = ClientApp & { project: Awaited<ReturnType<typeof findClientConfig>>[number] }

const keyOf = (headers: IncomingHttpHeaders, query: Record<string, unknown>) =>
  headers['x-seqn-publishable-key'] ?? query.publishable_key

/** A browser app with the publishable key of an active project. Garbage is refused by its form, without a query. */
export const authenticateClient: Authenticate = async (
  ctx,
  { headers, query, facts },
): Promise<ClientProject> => {
  const publishableKey = keyOf(headers, query)
  if (!isPublishableKey(publishableKey)) {
    throw new AppError('invalid_publishable_key', 'Send a publishable key: X-SEQN-Publishable-Key: pk_live_…')
  }
  const [project] = await findClientConfig(ctx.db, { publishableKey })
  if (!project) throw new AppError('application_not_found', 'No project has this publishable key.')
  if (project.status === 'disabled') throw new AppError('application_disabled', 'This project is disabled.')
  return {
    kind: 'client',
    request: facts,
    projectId: project.id,
    organizationId: project.organization_id,
    project,
  }
}

/** The origins of any active project. */
export const allowsAnyProjectOrigin: AllowsOrigin = (ctx, origin) =>
  isOriginRegistered(ctx.db, origin, undefined)

/** The origins of the key's project. A preflight cannot show a header: it may ask for any active project. */
export const allowsProjectOrigin: AllowsOrigin = async (ctx, origin, { method, headers, query }) => {
  const publishableKey = keyOf(headers, query as Record<string, unknown>)
  if (isPublishableKey(publishableKey)) return isOriginRegistered(ctx.db, origin, publishableKey)
  return method === 'OPTIONS' && publishableKey === undefined && isOriginRegistered(ctx.db, origin, undefined)
}
