import { SeqnAuthError } from '../errors.js'
import { environment } from '../options.js'
import { type SeqnAuthEvent, verifyWebhook } from '../webhooks.js'
import {
  type ExpressOptions,
  type Handler,
  handler,
  type SeqnAuthRequest,
  type SeqnAuthResponse,
  sendError,
} from './shapes.js'

/** Gets a verified event. Answer is 204 when it returns; when it throws, the service delivers again. */
export type WebhookHandler<Req = SeqnAuthRequest, Res = SeqnAuthResponse> = (
  event: SeqnAuthEvent,
  req: Req,
  res: Res,
) => unknown

const mostBytes = 1_048_576

/** Makes the receiver of webhooks: reads the body as it came, verifies it and gives the event on. */
export const createWebhook =
  (options: ExpressOptions) =>
  (receive: WebhookHandler): Handler =>
    handler(async (req, res) => {
      const body = await rawBody(req)
      if (body === undefined) return sendError(res, 413, 'payload_too_large', 'The body is too large.')
      const secrets = options.webhookSecret ?? environment('SEQN_AUTH_WEBHOOK_SECRET') ?? []
      let event: SeqnAuthEvent
      try {
        event = await verifyWebhook(body, req.headers, secrets)
      } catch (error) {
        const isSendersFault =
          error instanceof SeqnAuthError && /^invalid_webhook_(body|signature|timestamp)$/.test(error.code)
        if (isSendersFault) return sendError(res, 400, error.code, error.message)
        throw error
      }
      try {
        await receive(event, req, res)
      } catch (error) {
        throw withoutStatus(error)
      }
      res.statusCode = 204
      res.end()
    })

/** Express answers with the status that an error carries, and after a 410 the service would deliver nothing more. */
function withoutStatus(error: unknown): unknown {
  if (error instanceof Error && !('status' in error) && !('statusCode' in error)) return error
  const message = `The handler of a webhook failed: ${error}`
  return new SeqnAuthError('webhook_handler_failed', message, { status: 500, cause: error })
}

/** The bytes as they were signed: what a raw parser left, or the stream itself; undefined when there are too many. */
async function rawBody(req: SeqnAuthRequest): Promise<Uint8Array | string | undefined> {
  const { body } = req
  if (body instanceof Uint8Array || typeof body === 'string')
    return body.length > mostBytes ? undefined : body
  if (req.readableEnded || Object.keys(body ?? {}).length > 0)
    throw new SeqnAuthError(
      'invalid_webhook_body',
      'The body was parsed before the signature could be checked: mount the webhook before express.json().',
      { status: 500 },
    )
  if (Number(req.headers['content-length'] ?? 0) > mostBytes) return undefined
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of req as unknown as AsyncIterable<Uint8Array | string>) {
    const bytes = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk
    length += bytes.length
    if (length > mostBytes) return undefined
    chunks.push(bytes)
  }
  const whole = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
