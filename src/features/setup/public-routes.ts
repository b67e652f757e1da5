import { z } from 'zod'
import type { Context } from '../../context.ts'
import type { Routes } from '../../http/audiences.ts'
import { cacheable, notModified, sendCacheable } from '../../http/etag.ts'
import { asJson } from '../../http/finished.ts'
import { version } from '../../lib/package-root.ts'

const ServiceConfig = z
  .object({
    service: z.literal('silver-auth'),
    version: z.string().meta({ example: '0.1.0' }),
    publicBaseUrl: z.string().meta({ example: 'https://accounts.example.com' }),
    auth: z.object({
      methods: z.array(z.string().meta({ example: 'password' })),
      signInUrl: z.string().meta({ example: 'https://accounts.example.com/sign-in' }),
      signUpUrl: z.string().meta({ example: 'https://accounts.example.com/sign-up' }),
    }),
    oidc: z
      .object({
        issuer: z.string().meta({ example: 'https://auth.example.com/application/o/silver-auth/' }),
        clientId: z.string().meta({ example: 'silver-auth' }),
      })
      .nullable(),
    docsUrl: z.string().meta({ example: 'https://accounts.example.com/docs' }),
  })
  .meta({ id: 'ServiceConfig' })

const securityTxtDays = 180

/** What anybody may know of the provider. */
const publicOidc = ({ config: { oidc } }: Context) =>
  oidc ? { issuer: oidc.issuer, clientId: oidc.clientId } : null

export const serviceRoutes: Routes = (app, ctx) => {
  const base = ctx.config.publicBaseUrl
  app.get(
    '/v1/config',
    {
      config: { limit: 'serviceConfig', needsNoDatabase: true },
      schema: { summary: 'Safe facts about this service', response: { 200: ServiceConfig, ...notModified } },
    },
    async (request, reply) => {
      const auth = {
        methods: ctx.config.authMethods,
        signInUrl: `${base}/sign-in`,
        signUpUrl: `${base}/sign-up`,
      }
      const config = {
        service: 'silver-auth' as const,
        version,
        publicBaseUrl: base,
        auth,
        oidc: publicOidc(ctx),
        docsUrl: `${base}/docs`,
      }
      return sendCacheable(request, reply, cacheable(asJson(ServiceConfig, config)), 'public, max-age=60')
    },
  )

  // RFC 9116: the file must name a time after which nobody should rely on it.
  app.get(
    '/.well-known/security.txt',
    { schema: { hide: true, response: { 200: z.string() } } },
    async (_request, reply) => {
      const expires = new Date(ctx.clock().getTime() + securityTxtDays * 86_400_000)
      expires.setUTCHours(0, 0, 0, 0)
      const lines = [
        `Contact: ${base}/docs`,
        `Expires: ${expires.toISOString()}`,
        'Preferred-Languages: en',
        `Canonical: ${base}/.well-known/security.txt`,
      ]
      return reply
        .type('text/plain; charset=utf-8')
        .serializer(String)
        .send(`${lines.join('\n')}\n`)
    },
  )
}
