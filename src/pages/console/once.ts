import type { FastifyRequest } from 'fastify'
import { AnsweredBefore } from '../../change/idempotency.ts'
import { type FormBody, typed } from '../forms.ts'

/**
 * Carries a form out once: sent again (a reload, a double click, the back button) it returns undefined and changes nothing.
 * What is kept is that it happened, never the secret that its page showed.
 */
export async function once<T>(request: FastifyRequest, useCase: () => Promise<T>): Promise<T | undefined> {
  const key = typed(request.body as FormBody, 'idempotency_key')
  if (/^[\w-]{16,64}$/.test(key)) {
    request.facts.idempotency = {
      key: `form:${key}`,
      fingerprint: request.routeOptions.url ?? '',
      answer: () => null,
    }
  }
  try {
    return await useCase()
  } catch (error) {
    if (error instanceof AnsweredBefore) return undefined
    throw error
  }
}

export const sentBefore = {
  title: 'This form was sent before',
  text: 'Nothing was done a second time.',
} as const
