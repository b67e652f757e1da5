import { isLocalhost } from '../options.js'
import type { ExpressOptions, SeqnAuthRequest } from './shapes.js'

/** Where this app is, as the person's browser sees it, and whether cookies there may be `Secure`. */
export type Place = { origin: string; isSecure: boolean; callbackUrl: string; url(path: string): string }

/** The place of a request: the `appUrl` of the options, else what the request itself says. */
export function placeOf(options: ExpressOptions, req: SeqnAuthRequest): Place {
  const { origin, protocol, hostname } = new URL(options.appUrl ?? `${protocolOf(req)}://${hostOf(req)}`)
  const url = (path: string) => new URL(path, origin).href
  return {
    origin,
    url,
    isSecure: protocol === 'https:' || !isLocalhost(hostname),
    callbackUrl: url(options.callbackPath ?? '/auth/callback'),
  }
}

// Express judges by its "trust proxy" setting; elsewhere the connection tells.
const protocolOf = ({ protocol, socket }: SeqnAuthRequest) =>
  protocol ?? ((socket as { encrypted?: boolean } | undefined)?.encrypted ? 'https' : 'http')

function hostOf({ headers }: SeqnAuthRequest): string {
  const { host } = headers
  return typeof host === 'string' && /^[\w.:[\]-]+$/.test(host) ? host : 'localhost'
}

/** The query of a request. */
export const queryOf = (req: SeqnAuthRequest) => new URL(addressOf(req), 'http://localhost').searchParams

/** Path and query of a request, wherever its router is mounted. */
export const addressOf = (req: SeqnAuthRequest) => req.originalUrl ?? req.url ?? '/'

/** A path of this app, safe to redirect to; undefined for whatever a browser could take for another host. */
export function ownPath(value: string | null, { origin }: Place): string | undefined {
  if (!value || !/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(value)) return undefined
  try {
    return new URL(value, origin).origin === origin ? value : undefined
  } catch {
    return undefined
  }
}
