import { METHODS } from 'node:http'
import { AppError } from '../errors.ts'
import type { App } from './server.ts'

// CONNECT is no request to Node's server; see `watchConnections`.
const methods = METHODS.filter((method) => method !== 'CONNECT')

/** Unknown paths answer `404 not_found`; call `refuseOtherMethods` when all routes are in: known paths then answer 405 to other methods. */
export function answerUnknownRoutes(app: App): { refuseOtherMethods: (app: App) => void } {
  const known = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ method, url }) => {
    const ofUrl = known.get(url) ?? new Set()
    for (const one of [method].flat()) ofUrl.add(one)
    known.set(url, ofUrl)
  })
  const refuse = () => {
    throw new AppError('not_found', 'There is nothing on this path.')
  }
  // Before a body is read, which could be refused for reasons of its own; the handler is for plugins that find nothing.
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.is404) refuse()
    done()
  })
  app.setNotFoundHandler(refuse)
  for (const method of methods) {
    if (!app.supportedMethods.includes(method)) app.addHttpMethod(method, { hasBody: true })
  }
  return {
    refuseOtherMethods(app) {
      for (const [url, has] of [...known]) {
        // A plugin's prefix is there twice, with and without its slash, and counts as one path.
        if (url.length > 1 && url.endsWith('/')) continue
        const allow = [...has].join(', ')
        app.route({
          method: methods.filter((method) => !has.has(method)),
          url,
          schema: { hide: true },
          preParsing: async (_request, reply) => {
            reply.header('allow', allow)
            throw new AppError('method_not_allowed', `This path knows ${allow}.`)
          },
          handler: refuse,
        })
      }
    },
  }
}
