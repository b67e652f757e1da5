import type { IncomingHttpHeaders } from 'node:http'
import { AppError } from '../errors.ts'

type Incoming = { method: string; headers: IncomingHttpHeaders }

/** Whether a method only reads. */
export const isSafe = (method: string) => ['GET', 'HEAD', 'OPTIONS'].includes(method)

/**
 * Refuses an unsafe request that a browser sends from elsewhere. Who sends neither header (curl, a server) is no browser
 * and passes; a page's own form must show that it is ours (`isForm`).
 */
export function refuseCrossSite({ method, headers }: Incoming, ownOrigin: string, isForm = false): void {
  if (isSafe(method)) return
  const site = headers['sec-fetch-site']
  const { origin } = headers
  const isForeign = site === 'cross-site' || (origin !== undefined && origin !== ownOrigin)
  const isShownOurs = site === 'same-origin' || origin === ownOrigin
  if (isForeign || (isForm && !isShownOurs)) {
    throw new AppError('csrf_rejected', 'This request came from another site and was not carried out.')
  }
}
