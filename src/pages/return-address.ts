import type { FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import { isSafe } from '../http/csrf.ts'
import { isOwnPath } from '../lib/return-to.ts'
import { urls } from './urls.ts'

/** A `redirect_url` that may be followed: one of our own paths; anything else is ignored. */
export function returnAddress(ctx: Context, value: unknown): string | undefined {
  return typeof value === 'string' && isOwnPath(value, ctx.config.publicBaseUrl) ? value : undefined
}

export const returnAddressOrConsole = (ctx: Context, value: unknown): string =>
  returnAddress(ctx, value) ?? urls.console()

/** The page that a request shows, or whose form it posts; undefined when that is not told, or not ours. */
export function pageAddress(ctx: Context, { method, url, headers }: FastifyRequest): string | undefined {
  if (isSafe(method)) return url
  const from = URL.parse(headers.referer ?? '')
  const isOurs = from !== null && from.origin === new URL(ctx.config.publicBaseUrl).origin
  return isOurs ? returnAddress(ctx, from.pathname + from.search) : undefined
}
