import { z } from 'zod'

const most = 50
const plainText = /^[\x21-\x5b\x5d-\x7e]{1,512}$/

const isLocal = ({ hostname }: URL) =>
  hostname === 'localhost' ||
  hostname.endsWith('.localhost') ||
  hostname === '127.0.0.1' ||
  hostname === '[::1]'

/** The URL when a browser may be sent there: https (http on localhost), nothing hidden in it, no wildcard. */
function acceptable(text: string): URL | undefined {
  if (!plainText.test(text) || text.includes('*') || text.includes('#')) return undefined
  const url = URL.parse(text)
  if (!url || url.username || url.password) return undefined
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLocal(url)) ? url : undefined
}

/** Compared letter by letter with what an app asks for, so it is kept as it was written. */
export const RedirectUrl = z
  .string()
  .refine(
    (text) => acceptable(text) !== undefined,
    'must be an https URL (http only on localhost) without user, fragment or *',
  )
  .meta({ example: 'https://app.example.com/callback' })

export const Origin = z
  .string()
  .refine((text) => {
    const url = acceptable(text)
    return url !== undefined && [url.origin, `${url.origin}/`].includes(text)
  }, 'must be an https origin (http only on localhost) without a path, for example https://app.example.com')
  .transform((text) => new URL(text).origin)
  .meta({ example: 'https://app.example.com' })

const distinct = (items: string[]) => new Set(items).size === items.length

export const RedirectUrls = z.array(RedirectUrl).max(most).refine(distinct, 'must not repeat a URL')
export const Origins = z.array(Origin).max(most).refine(distinct, 'must not repeat an origin')
