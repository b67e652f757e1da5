import type { Context } from '../context.ts'
import { isOwnPath } from '../lib/return-to.ts'
import { urls } from './urls.ts'

/** A `redirect_url` that may be followed: one of our own paths; anything else is ignored. */
export function returnAddress(ctx: Context, value: unknown): string | undefined {
  return typeof value === 'string' && isOwnPath(value, ctx.config.publicBaseUrl) ? value : undefined
}

export const returnAddressOrConsole = (ctx: Context, value: unknown): string =>
  returnAddress(ctx, value) ?? urls.console()
