import { z } from 'zod'
import { clientApp } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { sendCacheable } from '../../http/etag.ts'
import type { ClientProject } from './authenticate.ts'

const OAuthMode = <Mode extends string>(mode: Mode) =>
  z.object({ mode: z.literal(mode), provider: z.string(), credentialsRequired: z.boolean() })

const ClientConfig = z
  .object({
    application: z.object({
      id: z.string(),
      slug: z.string(),
      name: z.string(),
      publishableKey: z.string(),
      status: z.literal('active'),
    }),
    organization: z.object({ slug: z.string(), name: z.string() }),
    auth: z.object({
      signInUrl: z.string(),
      signUpUrl: z.string(),
      afterSignInUrl: z.string().nullable(),
      afterSignUpUrl: z.string().nullable(),
    }),
    oidc: z.object({ issuer: z.string(), clientId: z.string() }).nullable(),
    oauth: z.object({
      sharedDevelopment: OAuthMode('shared_development'),
      production: OAuthMode('customer_owned'),
    }),
  })
  .meta({ id: 'ClientConfig' })

// What a browser app is told about social sign-in; a project's own credentials are asked for in production.
const oauth = {
  sharedDevelopment: { mode: 'shared_development', provider: 'google', credentialsRequired: false },
  production: { mode: 'customer_owned', provider: 'google', credentialsRequired: true },
} as const

export const clientConfigRoutes: Routes = (app, ctx) => {
  const base = ctx.config.publicBaseUrl
  app.get(
    '/v1/client/config',
    {
      config: { limit: 'clientConfig' },
      schema: {
        summary: 'What a browser app needs to know of its project',
        querystring: z.object({ publishable_key: z.string().optional() }),
        response: { 200: ClientConfig },
      },
    },
    async (request, reply) => {
      const { project } = clientApp(request) as ClientProject
      const home = project.origins[0] ?? project.redirect_urls[0] ?? null
      const config: z.input<typeof ClientConfig> = {
        application: {
          id: project.id,
          slug: project.slug,
          name: project.name,
          publishableKey: project.publishable_key,
          status: 'active',
        },
        organization: { slug: project.organization_slug, name: project.organization_name },
        auth: {
          signInUrl: `${base}/sign-in`,
          signUpUrl: `${base}/sign-up`,
          afterSignInUrl: project.after_sign_in_url ?? home,
          afterSignUpUrl: project.after_sign_up_url ?? project.after_sign_in_url ?? home,
        },
        oidc: null,
        oauth,
      }
      return sendCacheable(request, reply, config, 'no-cache')
    },
  )
}
