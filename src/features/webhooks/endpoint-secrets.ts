import type { Context } from '../../context.ts'

/** Both secrets of an endpoint are sealed for its row, so that the older one needs no sealing anew when it steps back. */
export const endpointSecretPurpose = (endpointId: string) => `webhook_endpoints:${endpointId}`

export const sealEndpointSecret = (ctx: Context, endpointId: string, secret: string): Buffer =>
  ctx.seal(endpointSecretPurpose(endpointId), secret)

/** Throws when the secret belongs to another endpoint, or when the key that sealed it is gone. */
export const openEndpointSecret = (ctx: Context, endpointId: string, sealed: Uint8Array): string =>
  ctx.unseal(endpointSecretPurpose(endpointId), sealed)
