import type { IncomingHttpHeaders } from 'node:http'
import type { ClientApp, RequestFacts } from '../../actors.ts'
import type { CachedQuery } from '../../change/cache.ts'
import { AppError } from '../../errors.ts'
import type { Authenticate } from '../../http/audiences.ts'
import type { AllowsOrigin } from '../../http/cors.ts'
import { whenKnown } from '../../lib/when-known.ts'
import { isPublishableKey } from '../keys/key-format.ts'
import { findClientConfig, findProjectByOrigin } from './queries.ts'

export type ClientConfigProject = Awaited<ReturnType<typeof findClientConfig>>[number]
export type ClientProject = ClientApp & { project: ClientConfigProject }

const tagsOf = (project: { id: string; organization_id: string }) => [
  `project:${project.id}`,
  `organization:${project.organization_id}`,
]

const clientConfigs: CachedQuery<string, ClientConfigProject> = {
  name: 'client_configs',
  most: 20_000,
  async find(ctx, publishableKey) {
    const [project] = await findClientConfig(ctx.db, { publishableKey })
    const characters = project ? [...project.origins, ...project.redirect_urls].join().length : 0
    return project && { value: project, tags: tagsOf(project), seconds: Number.POSITIVE_INFINITY, characters }
  },
  // Keys are made by us at random: nobody asks for one before it exists.
  unknown: { most: 10_000, seconds: 10 },
}

// An origin that nobody registered is not kept: its developer will register it the next moment.
const registeredOrigins: CachedQuery<string, true> = {
  name: 'registered_origins',
  most: 10_000,
  async find(ctx, origin) {
    const project = await findProjectByOrigin(ctx.db, origin)
    return project && { value: true, tags: tagsOf(project), seconds: Number.POSITIVE_INFINITY }
  },
}

const keyOf = (headers: IncomingHttpHeaders, query: Record<string, unknown>) =>
  headers['x-seqn-publishable-key'] ?? query.publishable_key

/** A browser app with the publishable key of an active project. Garbage is refused by its form, without a query. */
export const authenticateClient: Authenticate = (ctx, { headers, query, facts }) => {
  const publishableKey = keyOf(headers, query)
  if (!isPublishableKey(publishableKey)) {
    throw new AppError('invalid_publishable_key', 'Send a publishable key: X-SEQN-Publishable-Key: pk_live_…')
  }
  return whenKnown(ctx.cache.get(clientConfigs, publishableKey, publishableKey), (project) =>
    admit(project, facts),
  )
}

function admit(project: ClientConfigProject | undefined, request: RequestFacts): ClientProject {
  if (!project) throw new AppError('application_not_found', 'No project has this publishable key.')
  if (project.status === 'disabled') throw new AppError('application_disabled', 'This project is disabled.')
  return {
    kind: 'client',
    request,
    projectId: project.id,
    organizationId: project.organization_id,
    project,
  }
}

/** The origins of any active project. */
export const allowsAnyProjectOrigin: AllowsOrigin = (ctx, origin) =>
  whenKnown(ctx.cache.get(registeredOrigins, origin, origin), (isRegistered) => isRegistered === true)

/** The origins of the key's project. A preflight cannot show a header: it may ask for any active project. */
export const allowsProjectOrigin: AllowsOrigin = (ctx, origin, request) => {
  const publishableKey = keyOf(request.headers, request.query as Record<string, unknown>)
  if (isPublishableKey(publishableKey)) {
    return whenKnown(
      ctx.cache.get(clientConfigs, publishableKey, publishableKey),
      (project) => project?.status === 'active' && project.origins.includes(origin),
    )
  }
  const isPreflight = request.method === 'OPTIONS' && publishableKey === undefined
  return isPreflight && allowsAnyProjectOrigin(ctx, origin, request)
}
