import type { FastifyRequest } from 'fastify'
import { AppError } from '../errors.ts'
import type { App } from './server.ts'

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** Unknown paths answer `404 not_found`; call `refuseOtherMethods` when all routes are in: known paths then answer 405 to other methods. */
export function answerUnknownRoutes(app: App): { refuseOtherMethods: (app: App) => void } {
  const known = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ method, url }) => {
    const ofUrl = known.get(url) ?? new Set()
    for (const one of Array.isArray(method) ? method : [method]) ofUrl.add(one)
    known.set(url, ofUrl)
  })
  app.setNotFoundHandler(async (request: FastifyRequest) => {
    throw new AppError('not_found', `There is nothing at ${request.method} on this path.`)
  })
  return {
    refuseOtherMethods(app) {
      for (const [url, has] of [...known]) {
        // A plugin's prefix is there twice, with and without its slash, and counts as one path.
        if (url.length > 1 && url.endsWith('/')) continue
        const method = methods.filter((one) => !has.has(one))
        const allow = [...has].join(', ')
        app.route({
          method,
          url,
          schema: { hide: true },
          handler: async (_request, reply) => {
            reply.header('allow', allow)
            throw new AppError('method_not_allowed', `This path knows ${allow}.`)
          },
        })
      }
    },
  }
}
