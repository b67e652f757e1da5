import type { Permission } from '../../src/roles.ts'
import type { World } from './world.ts'

export type DocumentedRoute = {
  name: string
  method: string
  /** With its parameters in braces, as OpenAPI writes them. */
  path: string
  parameters: string[]
  query: { name: string; isRequired: boolean; choices: string[] | undefined }[]
  audience: string
  permission: Permission | undefined
  /** The parameter in which people who name themself need no permission. */
  oneself: string | undefined
  /** A body that the route's own document gives as an example. */
  example: Record<string, unknown> | undefined
  success: number
  successes: number[]
}

type Operation = {
  tags: string[]
  'x-permission'?: Permission
  'x-oneself'?: string
  parameters?: { name: string; in: string; required?: boolean; schema: { enum?: string[] } }[]
  requestBody?: { content: Record<string, { example?: Record<string, unknown> }> }
  responses: Record<string, unknown>
}

/** Every route of /openapi.json, so that a new one is tested without a word. */
export async function documentedRoutes(world: World): Promise<DocumentedRoute[]> {
  const { body } = await world.anonymous.get('/openapi.json')
  const paths = Object.entries(body.paths as Record<string, Record<string, Operation>>)
  return paths.flatMap(([path, operations]) =>
    Object.entries(operations).map(([verb, operation]) => {
      const method = verb.toUpperCase()
      const successes = Object.keys(operation.responses)
        .map(Number)
        .filter((status) => status < 300)
      return {
        name: `${method} ${path}`,
        method,
        path,
        parameters: [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name),
        query: (operation.parameters ?? [])
          .filter((parameter) => parameter.in === 'query')
          .map(({ name, required = false, schema }) => ({
            name,
            isRequired: required,
            choices: schema.enum,
          })),
        audience: operation.tags[0] ?? '',
        permission: operation['x-permission'],
        oneself: operation['x-oneself'],
        example: operation.requestBody?.content['application/json']?.example,
        success: Math.min(...successes),
        successes,
      }
    }),
  )
}

/** The path with its parameters filled in. */
export const filled = (path: string, values: Record<string, string>) =>
  path.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? `{${name}}`)
