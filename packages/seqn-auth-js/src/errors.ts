/** What can go wrong, to switch on; the README says for each when it happens. */
export type SeqnAuthErrorCode =
  | 'invalid_base_url'
  | 'seqn_auth_http_error'
  | 'seqn_auth_network_error'
  | 'invalid_publishable_key'
  | 'invalid_secret_key'
  | 'invalid_state'
  | 'sign_in_refused'
  | 'invalid_access_token'
  | 'expired_access_token'
  | 'unsupported_runtime'
  | 'invalid_webhook_secret'
  | 'invalid_webhook_body'
  | 'invalid_webhook_signature'
  | 'invalid_webhook_timestamp'
  | 'webhook_handler_failed'

/** What the service said, where it said something. */
export type SeqnAuthErrorFacts = {
  status?: number | undefined
  apiCode?: string | undefined
  requestId?: string | undefined
  retryAfter?: number | undefined
  cause?: unknown
}

/** The only error that this package throws on purpose. It never holds a key or a token. */
export class SeqnAuthError extends Error {
  override readonly name = 'SeqnAuthError'
  readonly code: SeqnAuthErrorCode
  /** The HTTP status of the service's answer. */
  readonly status: number | undefined
  /** The `error.code` of the service's answer, such as `application_disabled`. */
  readonly apiCode: string | undefined
  /** The id under which the service logged this request. */
  readonly requestId: string | undefined
  /** After how many seconds the service wants to be asked again. */
  readonly retryAfter: number | undefined

  constructor(code: SeqnAuthErrorCode, message: string, facts: SeqnAuthErrorFacts = {}) {
    super(message, { cause: facts.cause })
    this.code = code
    this.status = facts.status
    this.apiCode = facts.apiCode
    this.requestId = facts.requestId
    this.retryAfter = facts.retryAfter
  }
}
