import type { FastifyRequest } from 'fastify'
import { withDeadline } from '../lib/deadline.ts'
import type { App } from './server.ts'

// Together below the six seconds within which every caller has an answer, also where the machine is busy.
const answerWithinMs = 4_500
const handlerHasAtLeastMs = 500

/**
 * Goes on with a request that has a time by which the database has answered all its queries, or it is `service_unavailable`
 * and nothing more of it happens.
 */
export function startDeadline(request: FastifyRequest, goOn: () => void): void {
  request.endsAtMs = performance.now() + answerWithinMs
  withDeadline(request.endsAtMs, goOn)
}

/** Whoever sent a body slowly still has a moment for what comes then. */
export function keepDeadlines(app: App): void {
  app.decorateRequest('endsAtMs', 0)
  // A body that was parsed has lost the context.
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.body === undefined) return done()
    withDeadline(Math.max(request.endsAtMs, performance.now() + handlerHasAtLeastMs), done)
  })
}

declare module 'fastify' {
  interface FastifyRequest {
    endsAtMs: number
  }
}
