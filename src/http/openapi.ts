import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { RouteOptions } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Config } from '../config.ts'
import { type ErrorCode, errorCatalogue } from '../errors.ts'
import { version } from '../lib/package-root.ts'
import { isSafe } from './csrf.ts'
import { errorExamples, errorResponse, finishDocument } from './openapi-document.ts'
import type { App } from './server.ts'

type Tag = { description: string; security: Record<string, string[]>[] }

const bySession = [{ sessionCookie: [] }, { accessToken: [] }]

/** One tag per audience of the API: who calls, and how they prove it. */
const tags: Record<string, Tag> = {
  public: { description: 'Anybody: facts about the service.', security: [] },
  identity: { description: 'Anybody: signing up, in and out.', security: [] },
  client: { description: 'Browser apps, by publishable key.', security: [{ publishableKey: [] }] },
  backend: { description: 'Back ends, by secret key.', security: [{ secretKey: [] }] },
  me: { description: 'The signed-in person, also from registered origins.', security: bySession },
  user: { description: 'The signed-in person: profile, sessions, organizations.', security: bySession },
  organization: {
    description: 'Members of an organization, as far as their role goes.',
    security: bySession,
  },
  platform: {
    description: 'Platform admins, who run the service for all organizations.',
    security: bySession,
  },
}

// Its own page: scripts and styles from here, nothing from or to any other host.
const docsPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** OpenAPI 3.1 from the routes' own schemas at /openapi.json, readable at /docs. Register before the routes. */
export async function describeApi(app: App, config: Config): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Silver Auth',
        version,
        description:
          'Sign-in, organizations, projects and keys. Errors share one shape; switch on `error.code`.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: config.publicBaseUrl }],
      tags: Object.entries(tags).map(([name, { description }]) => ({ name, description })),
      components: {
        examples: errorExamples,
        securitySchemes: {
          publishableKey: { type: 'apiKey', in: 'header', name: 'X-SEQN-Publishable-Key' },
          secretKey: { type: 'http', scheme: 'bearer', bearerFormat: 'sk_live_…' },
          accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
          sessionCookie: { type: 'apiKey', in: 'cookie', name: '__Host-seqn_session' },
        },
      },
    },
    transform: (input) => describeRoute(jsonSchemaTransform(input), input),
    transformObject: (input) => finishDocument(jsonSchemaTransformObject(input)),
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: docsPolicy,
    theme: { title: 'Silver Auth API' },
    uiConfig: { layout: 'BaseLayout' },
  })
  let text: string | undefined
  app.get(
    '/openapi.json',
    { config: { needsNoDatabase: true }, schema: { hide: true, response: { 200: z.string() } } },
    async (_request, reply) => {
      text ??= JSON.stringify(app.swagger())
      return reply.type('application/json; charset=utf-8').send(text)
    },
  )
}

type Transformed = ReturnType<typeof jsonSchemaTransform>
type TransformInput = Parameters<typeof jsonSchemaTransform>[0]
type Described = Record<string, unknown> & { response: Record<string, unknown> }

function describeRoute({ schema, url }: Transformed, { route }: TransformInput): Transformed {
  if (schema.hide) return { schema, url }
  const { audience, permission, oneself, isIdempotent, limit = 'default' } = route.config ?? {}
  const tag = tags[audience?.name ?? '']
  if (!audience || !tag) throw new Error(`${url} belongs to no audience that the API's description knows`)
  const described = { ...schema, response: { ...(schema.response ?? {}) } } as Described
  described.operationId ??= operationId(String(route.method), url)
  described.tags ??= [audience.name]
  described.security = tag.security
  if (permission) described['x-permission'] = permission
  // The permission is not asked of who names themself in this parameter.
  if (oneself) described['x-oneself'] = oneself
  described['x-rate-limit'] = limit
  const headers = {
    ...(isIdempotent ? { 'Idempotency-Key': { type: 'string', minLength: 1, maxLength: 255 } } : {}),
    ...('304' in described.response ? { 'If-None-Match': { type: 'string' } } : {}),
  }
  if (Object.keys(headers).length > 0) described.headers = { type: 'object', properties: headers }
  for (const [status, codes] of errorsByStatus(route)) {
    described.response[status] ??= errorResponse(codes)
  }
  return { schema: described, url } as Transformed
}

/** `POST /v1/orgs/{org}/projects` → `postOrgsOrgProjects`. */
function operationId(method: string, url: string): string {
  const words = url
    .replace(/^\/v1/, '')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
  return method.toLowerCase() + words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join('')
}

/** The refusals a caller may meet, by status: those of the audience, of the input, of the limits, of the route itself. */
function errorsByStatus(route: RouteOptions): Map<number, ErrorCode[]> {
  const { audience, errors = [], permission, isIdempotent } = route.config ?? {}
  const isUnsafe = !isSafe(String(route.method))
  const codes: ErrorCode[] = [
    ...errors,
    ...(audience?.errors ?? []),
    'invalid_input',
    'rate_limited',
    'internal_error',
    'service_unavailable',
  ]
  if (isUnsafe) codes.push('payload_too_large', 'unsupported_media_type')
  if (isUnsafe && audience?.isBrowser) codes.push('csrf_rejected')
  if (permission) codes.push(isUnsafe ? 'admin_required' : 'forbidden')
  if (isIdempotent) codes.push('idempotency_conflict')
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of new Set(codes)) {
    const { status } = errorCatalogue[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return byStatus
}
