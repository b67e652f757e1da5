import { SeqnAuthError } from './errors.js'
import { isBrowser, type Settings } from './options.js'

/** One request to the service. */
export type Call = { headers?: Record<string, string>; body?: unknown }

type ErrorBody = { error?: { code?: unknown; message?: unknown; requestId?: unknown } } | null

/** Asks the service, and turns whatever is not a JSON answer with a 2xx status into a `SeqnAuthError`. */
export async function request<Answer>(settings: Settings, path: string, call: Call = {}): Promise<Answer> {
  const send = settings.fetch ?? globalThis.fetch
  const { headers = {}, body } = call
  let response: Response
  let text: string
  try {
    response = await send(settings.baseUrl + path, {
      headers: body === undefined ? headers : { ...headers, 'Content-Type': 'application/json' },
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
      // Workers know neither of these; a browser would send cookies and answer from its cache.
      ...(isBrowser() && { credentials: 'omit', cache: 'no-cache' }),
      // A redirect would carry tokens to wherever it points.
      redirect: 'manual',
      signal: AbortSignal.timeout(settings.timeoutMs),
    })
    text = await response.text()
  } catch (cause) {
    const message = `No answer from ${new URL(settings.baseUrl).origin}.`
    throw new SeqnAuthError('seqn_auth_network_error', message, { cause })
  }
  if (response.status === 204) return undefined as Answer
  const answer = parsed(text)
  if (response.ok && answer !== undefined) return answer as Answer
  throw httpError(response, answer as ErrorBody)
}

/** Whether the answer was one that the same request may overcome: none at all, a torn one, or a fault of the service. */
export const isPassing = (error: unknown) =>
  error instanceof SeqnAuthError &&
  (error.code === 'seqn_auth_network_error' || isTorn(error) || (error.status ?? 0) >= 500)

/** A good answer that is no JSON: a proxy whose own connection broke may pass on the part that it got. */
const isTorn = ({ status = 0 }: SeqnAuthError) => status >= 200 && status < 300

function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

function httpError({ status, headers, ok, type }: Response, answer: ErrorBody): SeqnAuthError {
  const { code, message, requestId } = answer?.error ?? {}
  const isRedirect = type === 'opaqueredirect' || (status >= 300 && status < 400)
  const guess = isRedirect
    ? 'The service answered with a redirect; check the base URL.'
    : ok
      ? 'The answer is not JSON; check the base URL.'
      : `The service answered ${status}.`
  const string = (value: unknown) => (typeof value === 'string' ? value : undefined)
  return new SeqnAuthError('seqn_auth_http_error', string(message) ?? guess, {
    status,
    apiCode: string(code),
    requestId: string(requestId) ?? headers.get('x-request-id') ?? undefined,
    retryAfter: seconds(headers.get('retry-after')),
  })
}

function seconds(retryAfter: string | null): number | undefined {
  if (!retryAfter) return undefined
  const wait = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1000
  return Number.isNaN(wait) ? undefined : Math.max(0, Math.ceil(wait))
}
