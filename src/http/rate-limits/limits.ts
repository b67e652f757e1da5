import type { FastifyRequest } from 'fastify'
import { clientNetwork } from '../../lib/client-network.ts'

type Text = (request: FastifyRequest) => string

export type Limit = {
  max: number
  by: Text
  /** What is counted apart within `by`. */
  and?: Text
  /** The limit that counts before this one, because this one counts something that the caller can change at will. */
  first?: (request: FastifyRequest) => 'default' | 'credentials'
  afterAuthentication?: true
}

const address: Text = ({ facts }) => clientNetwork(facts.address)

// Every key is shorter; what is longer and begins alike counts as one.
const longestKey = 64
const publishableKey: Text = ({ headers, query }) => {
  const text = headers['x-seqn-publishable-key'] ?? (query as { publishable_key?: unknown }).publishable_key
  return text === undefined ? '' : String(text).slice(0, longestKey)
}
const keyPrefix: Text = ({ headers }) =>
  headers.authorization?.slice(0, 'Bearer sk_live_12345678'.length) ?? ''
const secretKey: Text = ({ actor }) => (actor.kind === 'backend' ? actor.keyId : '')
// What a project asks with its tokens must not use up what the person may ask.
const user: Text = (request) => {
  const { actor } = request
  if (actor.kind === 'project_user') return actor.projectSessionId
  return 'userId' in actor ? actor.userId : address(request)
}

const credentials = () => 'credentials' as const
const defaultOrCredentials = ({ headers }: FastifyRequest) =>
  headers.authorization === undefined ? 'default' : 'credentials'

/** Requests per window and use case. A page and a route that do the same name the same limit and share its bucket. */
export const limits = {
  /** Everything without a limit of its own; RATE_LIMIT_MAX. */
  default: { max: 240, by: address },
  liveness: { max: 600, by: address },
  health: { max: 60, by: address },
  serviceConfig: { max: 120, by: address },
  preflight: { max: 240, by: address },
  /** Keys and tokens, right or wrong: loose, because one back end may ask for many people. */
  credentials: { max: 6_000, by: address },
  clientConfig: { max: 120, by: address, and: publishableKey, first: credentials },
  backendApplication: { max: 60, by: address, and: keyPrefix, first: credentials },
  /** A person's browser finishes a sign-in now and then; a school behind one address may do so together. */
  appExchange: { max: 120, by: address, and: publishableKey, first: credentials },
  /** Refreshing and ending. A back end does it for everybody who uses it, each once in a quarter of an hour. */
  appRefresh: { max: 1_200, by: address, and: publishableKey, first: credentials },
  backendExchange: { max: 1_200, by: secretKey, first: credentials, afterAuthentication: true },
  verify: { max: 6_000, by: secretKey, first: credentials, afterAuthentication: true },
  usage: { max: 6_000, by: secretKey, first: credentials, afterAuthentication: true },
  events: { max: 6_000, by: secretKey, first: credentials, afterAuthentication: true },
  auditLogs: { max: 6_000, by: secretKey, first: credentials, afterAuthentication: true },
  /** Both read much of the log. */
  auditExport: { max: 10, by: user, first: () => 'default', afterAuthentication: true },
  auditVerify: { max: 30, by: user, first: () => 'default', afterAuthentication: true },
  login: { max: 10, by: address },
  register: { max: 10, by: address },
  /** Looking at a link, as its page or as JSON. */
  invitationPreview: { max: 60, by: address },
  /** Accepting may make an account. */
  invitationAccept: { max: 10, by: address },
  reauthenticate: { max: 10, by: address },
  oidcLogin: { max: 30, by: address },
  oidcCallback: { max: 30, by: address },
  /** The provider's one address tells of everybody who signs out there. */
  backchannelLogout: { max: 6_000, by: address },
  me: { max: 240, by: user, first: defaultOrCredentials, afterAuthentication: true },
  mutation: { max: 60, by: user, first: () => 'default', afterAuthentication: true },
} as const satisfies Record<string, Limit>

export type LimitName = keyof typeof limits
