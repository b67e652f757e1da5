/** Every error code a caller can meet, with its one status and type. Nothing outside this table leaves the service. */
export const errorCatalogue = {
  invalid_input: { status: 400, type: 'validation_error' },
  invalid_publishable_key: { status: 400, type: 'validation_error' },
  authentication_required: { status: 401, type: 'authentication_error' },
  invalid_secret_key: { status: 401, type: 'authentication_error' },
  subscription_inactive: { status: 402, type: 'subscription_error' },
  subscription_limit_exceeded: { status: 402, type: 'subscription_error' },
  forbidden: { status: 403, type: 'authorization_error' },
  admin_required: { status: 403, type: 'authorization_error' },
  platform_admin_required: { status: 403, type: 'authorization_error' },
  csrf_rejected: { status: 403, type: 'authorization_error' },
  reauthentication_required: { status: 403, type: 'authorization_error' },
  not_found: { status: 404, type: 'not_found' },
  application_not_found: { status: 404, type: 'not_found' },
  method_not_allowed: { status: 405, type: 'validation_error' },
  request_timeout: { status: 408, type: 'validation_error' },
  conflict: { status: 409, type: 'conflict' },
  application_disabled: { status: 409, type: 'conflict' },
  last_owner: { status: 409, type: 'conflict' },
  idempotency_conflict: { status: 409, type: 'conflict' },
  cursor_expired: { status: 410, type: 'validation_error' },
  payload_too_large: { status: 413, type: 'validation_error' },
  uri_too_long: { status: 414, type: 'validation_error' },
  unsupported_media_type: { status: 415, type: 'validation_error' },
  rate_limited: { status: 429, type: 'rate_limited' },
  headers_too_large: { status: 431, type: 'validation_error' },
  internal_error: { status: 500, type: 'internal_error' },
  identity_provider_unavailable: { status: 502, type: 'unavailable' },
  service_unavailable: { status: 503, type: 'unavailable' },
} as const satisfies Record<string, { status: number; type: string }>

export type ErrorCode = keyof typeof errorCatalogue

/** One fact about one place of the input (`path` in dots: `redirectUrls.0`), or about a limit. */
export type ErrorDetail = { path: string; message: string; [fact: string]: unknown }

export type ErrorOptions = { details?: ErrorDetail[]; cause?: unknown; retryAfterSeconds?: number }

/** A refusal the caller may read: `message` and `details` are public, private facts belong into `cause`. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  readonly details: ErrorDetail[] | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    // A refusal is an answer and no fault of ours: tracing where it came from would take longer than giving it.
    const { stackTraceLimit } = Error
    if (errorCatalogue[code].status < 500) Error.stackTraceLimit = 0
    super(message, { cause: options.cause })
    Error.stackTraceLimit = stackTraceLimit
    this.code = code
    this.details = options.details
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/** `400 invalid_input` about a single field. */
export function invalidInput(path: string, message: string): AppError {
  return new AppError('invalid_input', 'The request has fields that cannot be accepted.', {
    details: [{ path, message }],
  })
}

/** The one answer for what does not exist and for what belongs to somebody else. */
export function notFound(what: string): AppError {
  return new AppError('not_found', `There is no such ${what}.`)
}
