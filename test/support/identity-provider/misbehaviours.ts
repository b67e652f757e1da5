const endpointFaults = ['500', 'garbage', 'huge', 'hangs', 'drips', 'resets', 'redirect'] as const
export type EndpointFault = (typeof endpointFaults)[number]
export type FaultyEndpoint = 'discovery' | 'token' | 'jwks' | 'userinfo'

const faultsOf = <Endpoint extends FaultyEndpoint>(endpoint: Endpoint) =>
  endpointFaults.map((fault) => `${endpoint}-${fault}` as const)

/**
 * All that the stand-in does wrong on command, by the answer that is wrong.
 * For each endpoint: an HTML 500, broken JSON, the right answer with 32 MB more in it, silence, a byte now and then
 * for ever, a reset connection, and a redirect to `elsewhere`.
 */
export const misbehaviours = {
  idToken: [
    'wrong-key', // another key under the real kid
    'unknown-kid', // another key under a kid that the JWKS does not list
    'edited-token', // more groups in the payload, the signature kept
    'alg-none',
    'alg-hs256', // signed with the client secret
    'wrong-nonce',
    'missing-nonce',
    'wrong-issuer',
    'issuer-without-slash',
    'wrong-audience',
    'foreign-azp', // audience lists us and another, azp is the other
    'audience-list-without-azp',
    'expired',
    'future-iat',
    'future-nbf',
    'empty-sub',
    'missing-sub',
    'numeric-sub',
    'missing-id-token',
  ],
  stepUp: ['missing-auth-time'], // good enough for a sign-in
  callback: [
    'callback-error', // access_denied, its description holds <script>
    'callback-wrong-iss',
    'callback-wrong-state',
    'callback-missing-state',
    'callback-missing-code',
    'code-replay', // a code that was exchanged already
  ],
  discovery: [...faultsOf('discovery'), 'discovery-wrong-issuer'],
  token: [...faultsOf('token'), 'token-redirect-307', 'token-400-script', 'token-400-html'],
  jwks: [...faultsOf('jwks'), 'jwks-empty'],
  userinfo: [...faultsOf('userinfo'), 'userinfo-other-sub'],
} as const

export type IdTokenMisbehaviour = (typeof misbehaviours.idToken | typeof misbehaviours.stepUp)[number]
export type CallbackMisbehaviour = (typeof misbehaviours.callback)[number]
export type Misbehaviour = (typeof misbehaviours)[keyof typeof misbehaviours][number]

export const isOfIdToken = (how: Misbehaviour | undefined): how is IdTokenMisbehaviour =>
  [...misbehaviours.idToken, ...misbehaviours.stepUp].some((one) => one === how)

export const isOfCallback = (how: Misbehaviour | undefined): how is CallbackMisbehaviour =>
  misbehaviours.callback.some((one) => one === how)

/** The transport fault of this endpoint, if that is how it misbehaves. */
export const faultOf = (how: Misbehaviour | undefined, endpoint: FaultyEndpoint): EndpointFault | undefined =>
  endpointFaults.find((fault) => how === `${endpoint}-${fault}`)

/** What a hostile provider puts where text is expected. */
export const hostileText = '<script>alert("from the provider")</script>'
