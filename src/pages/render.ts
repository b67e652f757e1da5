import '@fastify/helmet'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { VNode } from 'preact'
import { render } from 'preact-render-to-string'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { isSafe } from '../http/csrf.ts'
import { assetsOf, type Manifest } from './assets.ts'
import type { PageContext } from './layouts/document.tsx'

/** Pages are not part of the API's description; what leaves is a text of ours. */
export const pageSchema = { hide: true, response: { default: z.string() } } as const

export type Pages = { manifest: Manifest; build: string }

/** What every page needs of the request. */
export function pageContext(
  { manifest, build }: Pages,
  request: FastifyRequest,
  script: 'main' | 'auth',
): PageContext {
  const { theme } = request.cookies
  return {
    assets: assetsOf(manifest, script),
    theme: theme === 'light' || theme === 'dark' ? theme : undefined,
    build,
  }
}

export type PageOptions = {
  status?: number
  /** Where an answer to a POST is to be found again, other than where its form stood. */
  address?: string | undefined
  /** Other origins that a form of this page may end at, after they were validated. */
  formOrigin?: string | undefined | readonly (string | undefined)[]
}

/** Writes a whole page with its own security headers; the only place where HTML leaves. */
export async function sendPage(
  ctx: Context,
  reply: FastifyReply,
  page: VNode,
  { status = 200, address, formOrigin }: PageOptions = {},
) {
  // helmet writes beside Fastify's own headers, which would win.
  for (const name of ['content-security-policy', 'referrer-policy']) reply.removeHeader(name)
  await reply.helmet(headersOf(ctx, formOrigin))
  reply.header('permissions-policy', permissions)
  // What a GET shows is at its address; what a POST shows is at the address that stands there, or at another.
  if (reply.request.headers['hx-request'] !== undefined && !isSafe(reply.request.method)) {
    reply.header('hx-push-url', 'false')
    if (address) reply.header('hx-replace-url', address)
  }
  return reply
    .code(status)
    .type('text/html; charset=utf-8')
    .header('cache-control', 'no-store')
    .serializer(String)
    .send(`<!doctype html>${render(page)}`)
}

/** Sends the browser on to one of our own addresses; a script that fetched the page is told to load it whole. */
export function redirect(reply: FastifyReply, url: string, { whole = false } = {}) {
  if (whole && reply.request.headers['hx-request'] !== undefined) {
    return reply.code(200).header('hx-redirect', url).serializer(String).send('')
  }
  return reply.code(303).header('location', url).serializer(String).send('')
}

/** Sends the browser to an address that an app registered, after it was validated. */
export function leaveFor(reply: FastifyReply, url: string) {
  return reply.code(302).header('location', url).serializer(String).send('')
}

const permissions =
  'publickey-credentials-get=(self), publickey-credentials-create=(self), clipboard-write=(self), camera=(), microphone=(), geolocation=()'

function headersOf(ctx: Context, formOrigin: PageOptions['formOrigin']) {
  const isHttps = ctx.config.publicBaseUrl.startsWith('https:')
  const self = ["'self'"]
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'script-src': self,
        'style-src': self,
        'img-src': self,
        'font-src': self,
        'connect-src': self,
        'manifest-src': self,
        'form-action': [...self, ...[formOrigin].flat().filter((origin) => origin !== undefined)],
        'frame-ancestors': ["'none'"],
        'base-uri': ["'none'"],
        'require-trusted-types-for': ["'script'"],
        'trusted-types': ['htmx'],
      },
    },
    crossOriginOpenerPolicy: { policy: 'same-origin' as const },
    crossOriginResourcePolicy: { policy: 'same-origin' as const },
    // `no-referrer` would make browsers send `Origin: null` with our own forms.
    referrerPolicy: { policy: 'same-origin' as const },
    strictTransportSecurity: isHttps ? { maxAge: 63_072_000, includeSubDomains: true } : false,
    xFrameOptions: { action: 'deny' as const },
  }
}
