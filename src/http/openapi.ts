import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { RouteOptions } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import type { Config } from '../config.ts'
import { type ErrorCode, errorCatalogue } from '../errors.ts'
import { version } from '../lib/package-root.ts'
import { limits } from './rate-limits.ts'
import { ErrorBody } from './schemas.ts'
import type { App } from './server.ts'

const securityByAudience: Record<string, Record<string, string[]>[]> = {
  client: [{ publishableKey: [] }],
  backend: [{ secretKey: [] }],
  user: [{ sessionCookie: [] }, { accessToken: [] }],
  me: [{ sessionCookie: [] }, { accessToken: [] }],
  organization: [{ sessionCookie: [] }, { accessToken: [] }],
}

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
      components: {
        securitySchemes: {
          publishableKey: { type: 'apiKey', in: 'header', name: 'X-SEQN-Publishable-Key' },
          secretKey: { type: 'http', scheme: 'bearer', bearerFormat: 'sk_live_…' },
          accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
          sessionCookie: { type: 'apiKey', in: 'cookie', name: '__Host-seqn_session' },
        },
      },
    },
    transform: (input) => describeRoute(jsonSchemaTransform(withErrors(input)), input.route),
    transformObject: jsonSchemaTransformObject,
  })
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true })
}

type Transformed = ReturnType<typeof jsonSchemaTransform>
type TransformInput = Parameters<typeof jsonSchemaTransform>[0]

function describeRoute({ schema, url }: Transformed, route: RouteOptions): Transformed {
  if (schema.hide) return { schema, url }
  const { audience, permission, isIdempotent } = route.config ?? {}
  const described = { ...schema } as Record<string, unknown>
  described.operationId ??= operationId(String(route.method), url)
  described.tags ??= [audience?.name ?? 'public']
  described.security = securityByAudience[audience?.name ?? ''] ?? []
  if (permission) described['x-permission'] = permission
  if (isIdempotent) {
    const header = { type: 'string', minLength: 1, maxLength: 255 }
    described.headers = { type: 'object', properties: { 'Idempotency-Key': header } }
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

/** Adds the refusals a caller may meet, by status: those of the audience, of the input, of the limits, of the route itself. */
function withErrors(input: TransformInput): TransformInput {
  const { schema, route } = input
  if (!schema || schema.hide) return input
  const response = { ...(schema.response as Record<string, unknown>) }
  for (const [status, codes] of errorsByStatus(schema as Record<string, unknown>, route)) {
    response[status] ??= ErrorBody.describe(codes.join(', '))
  }
  return { ...input, schema: { ...schema, response } }
}

function errorsByStatus(schema: Record<string, unknown>, route: RouteOptions): Map<number, ErrorCode[]> {
  const { audience, errors = [], permission, isIdempotent, limit } = route.config ?? {}
  const codes: ErrorCode[] = [
    ...errors,
    ...(audience?.errors ?? []),
    'rate_limited',
    'internal_error',
    'service_unavailable',
  ]
  if (schema.body) codes.push('invalid_input', 'payload_too_large', 'unsupported_media_type')
  if (schema.querystring) codes.push('invalid_input')
  if (audience?.isBrowser && route.method !== 'GET') codes.push('csrf_rejected')
  if (permission) codes.push(route.method === 'GET' ? 'forbidden' : 'admin_required')
  if (isIdempotent) codes.push('idempotency_conflict')
  if (limit && !(limit in limits)) throw new Error(`${route.url} names an unknown limit`)
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of new Set(codes)) {
    const { status } = errorCatalogue[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return byStatus
}
