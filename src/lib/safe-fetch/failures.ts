import type { Connected } from './guarded-connect.ts'

/** Each way in which a request to a tenant's address can fail, with all that the tenant is told of it. */
export const failures = {
  // Also of a name that does not exist: the difference would tell which names our network has.
  address_refused: 'address not allowed',
  name_unresolved: 'the name could not be resolved',
  connection_refused: 'the connection was refused',
  connection_failed: 'the connection failed',
  connection_reset: 'the connection was closed before the answer was complete',
  tls_failed: 'the TLS certificate or handshake was not acceptable',
  timed_out: 'no complete answer in time',
  answer_malformed: 'the answer was not HTTP as it should be',
  stopped: 'the request was given up here',
} as const

export type Failure = keyof typeof failures

const closedByTheOther = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

/** Which failure an error of undici or of a socket is, by how far the connection got. */
export function failureOf(code: string, phase: Connected['phase']): Failure {
  if (phase === 'refused') return 'address_refused'
  if (closedByTheOther.has(code)) return 'connection_reset'
  if (phase === 'connecting') return code === 'ECONNREFUSED' ? 'connection_refused' : 'connection_failed'
  return phase === 'securing' ? 'tls_failed' : 'answer_malformed'
}
