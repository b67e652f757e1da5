import { STATUS_CODES } from 'node:http'
import { AppError, type ErrorCode, errorCatalogue } from '../errors.ts'
import { errorBody } from './error-handler.ts'

type Json = Record<string, unknown>
type Schemas = Record<string, Json>
type Operation = { requestBody?: Json; responses: Record<string, Json> }
type Components = { schemas: Schemas; examples: Schemas }
type Document = { paths: Record<string, Record<string, Operation>>; components: Components }

/** One answer per error code, to be named by the responses that may hold it. */
export const errorExamples = Object.fromEntries(
  (Object.keys(errorCatalogue) as ErrorCode[]).map((code) => [
    code,
    { value: errorBody(new AppError(code, 'In words, for people.'), 'req_kZ3x9aQf000001') },
  ]),
)

/** A response that holds one of these codes, in the shape that @fastify/swagger leaves as it is. */
export const errorResponse = (codes: ErrorCode[]) => ({
  description: codes.join(', '),
  content: {
    'application/json': {
      schema: { $ref: '#/components/schemas/Error' },
      examples: Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
    },
  },
})

/** Gives every body an example made of its fields' examples, every response a description, and drops components that nothing names. */
export function finishDocument<T>(openapi: T): T {
  const document = openapi as Document
  const { schemas, examples } = document.components
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path))
  for (const { requestBody, responses } of operations) {
    if (requestBody) {
      addExamples(requestBody, schemas)
      requestBody.required = !acceptsNull(requestBody)
    }
    for (const [status, response] of Object.entries(responses)) {
      if (response.description === 'Default Response') response.description = STATUS_CODES[status] ?? status
      addExamples(response, schemas)
    }
  }
  document.components.schemas = named('schemas', document.paths, schemas)
  document.components.examples = named('examples', document.paths, examples)
  return openapi
}

type Media = { schema: Json; example?: unknown; examples?: unknown }
const mediaOf = ({ content }: Json) => Object.values((content ?? {}) as Record<string, Media>)

function addExamples(body: Json, schemas: Schemas): void {
  for (const media of mediaOf(body)) if (!media.examples) media.example ??= exampleOf(media.schema, schemas)
}

const alternatives = (schema: Json) => (schema.anyOf ?? schema.oneOf ?? []) as Json[]
const acceptsNull = (body: Json) =>
  mediaOf(body).some(({ schema }) => alternatives(schema).some(({ type }) => type === 'null'))

function exampleOf(schema: Json, schemas: Schemas): unknown {
  const { $ref, type, properties, items } = schema as Json & {
    $ref?: string
    properties?: Schemas
    items?: Json
  }
  if ($ref) return exampleOf(schemas[nameIn($ref)] ?? {}, schemas)
  for (const key of ['example', 'const']) if (key in schema) return schema[key]
  if (Array.isArray(schema.enum)) return schema.enum[0]
  const [first] = alternatives(schema)
  if (first) return exampleOf(first, schemas)
  if (type === 'array' && items) return [exampleOf(items, schemas)]
  if (type === 'object') {
    const entries = Object.entries(properties ?? {})
    return Object.fromEntries(entries.map(([name, property]) => [name, exampleOf(property, schemas)]))
  }
  if ('default' in schema) return schema.default
  return { boolean: true, integer: schema.minimum ?? 1, number: 1, string: 'text' }[String(type)] ?? null
}

const nameIn = ($ref: string) => $ref.slice('#/components/schemas/'.length)

/** The components of a kind that something names, directly or through another one. */
function named(kind: string, from: unknown, all: Schemas, found: Schemas = {}): Schemas {
  for (const [, name = ''] of JSON.stringify(from).matchAll(
    new RegExp(`"#/components/${kind}/(\\w+)"`, 'g'),
  )) {
    const component = all[name]
    if (!component || name in found) continue
    found[name] = component
    named(kind, component, all, found)
  }
  return found
}
