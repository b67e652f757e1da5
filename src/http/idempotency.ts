import type { FastifyReply, FastifyRequest } from 'fastify'
import { AnsweredBefore, answerBefore } from '../change/idempotency.ts'
import type { Context } from '../context.ts'
import { invalidInput } from '../errors.ts'
import { sha256 } from '../lib/secrets.ts'

type Answer<T> = { status: number; show: (result: T) => unknown }

/**
 * Answers a creation. With an `Idempotency-Key` it happens once: the answer is kept in the transaction of the use case's
 * change, and the same request gets it again (a secret that is shown once included).
 */
export async function answerOnce<T>(
  ctx: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  { status, show }: Answer<T>,
  useCase: () => Promise<T>,
) {
  const key = idempotencyKey(request)
  const send = (body: unknown) => reply.code(status).send(body as never)
  if (key === undefined) return send(show(await useCase()))

  request.facts.idempotency = {
    key,
    fingerprint: fingerprint(request),
    answer: (result) => show(result as T),
  }
  for (;;) {
    const before = await answerBefore(ctx, request.actor)
    if (before !== undefined) {
      reply.header('idempotent-replayed', 'true')
      return send(before)
    }
    try {
      return send(show(await useCase()))
    } catch (error) {
      // A twin was faster. Its answer is there to be read now, unless its day has just ended: then this is the first again.
      if (!(error instanceof AnsweredBefore)) throw error
    }
  }
}

function idempotencyKey(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key === 'string' && /^[\x20-\x7e]{1,255}$/.test(key)) return key
  throw invalidInput('Idempotency-Key', 'must be 1 to 255 printable characters')
}

const fingerprint = ({ method, url, body }: FastifyRequest) =>
  sha256(`${method} ${url}\n${JSON.stringify(body ?? null)}`).toString('base64url')
