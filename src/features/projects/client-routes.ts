import { z } from 'zod'
import type { Context } from '../../context.ts'
import { clientApp } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { type Cacheable, cacheable, notModified, sendCacheable } from '../../http/etag.ts'
import { asJson } from '../../http/finished.ts'
import { shownId } from '../../http/schemas.ts'
import { oncePer } from '../../lib/once-per.ts'
import type { ClientConfigProject, ClientProject } from './authenticate.ts'

const OAuthMode = <Mode extends string>(mode: Mode) =>
  z.object({
    mode: z.literal(mode),
    provider: z.string().meta({ example: 'google' }),
    credentialsRequired: z.boolean(),
  })

const ClientConfig = z
  .object({
    application: z.object({
      id: shownId('app'),
      slug: z.string().meta({ example: 'seqn-console' }),
      name: z.string().meta({ example: 'SEQN Console' }),
      publishableKey: z.string().meta({ example: 'pk_live_…' }),
      status: z.literal('active'),
    }),
    organization: z.object({
      slug: z.string().meta({ example: 'seqn' }),
      name: z.string().meta({ example: 'SEQN' }),
    }),
    auth: z.object({
      signInUrl: z.string().meta({ example: 'https://accounts.example.com/sign-in' }),
      signUpUrl: z.string().meta({ example: 'https://accounts.example.com/sign-up' }),
      afterSignInUrl: z.string().meta({ example: 'https://app.example.com' }).nullable(),
      afterSignUpUrl: z.string().meta({ example: 'https://app.example.com' }).nullable(),
    }),
    oidc: z
      .object({
        issuer: z.string().meta({ example: 'https://auth.example.com/application/o/silver-auth/' }),
        clientId: z.string().meta({ example: 'silver-auth' }),
      })
      .nullable(),
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

function clientConfig({ config }: Context, project: ClientConfigProject): z.input<typeof ClientConfig> {
  const base = config.publicBaseUrl
  const home = project.origins[0] ?? project.redirect_urls[0] ?? null
  return {
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
    oidc: config.oidc ? { issuer: config.oidc.issuer, clientId: config.oidc.clientId } : null,
    oauth,
  }
}

export const clientConfigRoutes: Routes = (app, ctx) => {
  const answerFor: (project: ClientConfigProject) => Cacheable = oncePer((project) =>
    cacheable(asJson(ClientConfig, clientConfig(ctx, project))),
  )
  app.get(
    '/v1/client/config',
    {
      config: { limit: 'clientConfig' },
      schema: {
        summary: 'What a browser app needs to know of its project',
        querystring: z.object({
          publishable_key: z.string().optional().describe('For clients that cannot send the header'),
        }),
        response: { 200: ClientConfig, ...notModified },
      },
    },
    (request, reply) => {
      const { project } = clientApp(request) as ClientProject
      sendCacheable(request, reply, answerFor(project), 'no-cache')
    },
  )
}
