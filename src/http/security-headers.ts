import type { Config } from '../config.ts'

/** Headers of every answer that is not a page. They never change, so they are made once. */
export function constantHeaders(config: Config): Record<string, string> {
  const hsts = { 'strict-transport-security': 'max-age=63072000; includeSubDomains' }
  return {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'strict-origin-when-cross-origin',
    'cross-origin-resource-policy': 'same-origin',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cache-control': 'no-store',
    ...(config.publicBaseUrl.startsWith('https:') ? hsts : {}),
  }
}
