import { z } from 'zod'
import type { Routes } from '../../http/audiences.ts'
import { cacheable, notModified, sendCacheable } from '../../http/etag.ts'
import { asJson } from '../../http/finished.ts'
import { clearSessionCookie } from '../../http/session-cookie.ts'
import { findSignedInUser } from './authenticate.ts'
import { signOut } from './sessions.ts'
import { signingKeys } from './signing-keys.ts'

const JsonWebKey = z.object({
  kty: z.string().meta({ example: 'OKP' }),
  crv: z.string().meta({ example: 'Ed25519' }),
  x: z.string().meta({ example: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }),
  kid: z.string().meta({ example: '2rYvJ1bq' }),
  alg: z.string().meta({ example: 'EdDSA' }),
  use: z.string().meta({ example: 'sig' }),
})

const JsonWebKeys = z.object({ keys: z.array(JsonWebKey) })

export const logoutRoutes: Routes = (app, ctx) => {
  app.post(
    '/v1/auth/logout',
    { schema: { summary: 'Sign out; 204 whether or not there was a session', response: { 204: z.null() } } },
    async (request, reply) => {
      const user = await findSignedInUser(ctx, request)
      if (user) await signOut(ctx, user)
      clearSessionCookie(reply, ctx.config)
      return reply.code(204).send(null)
    },
  )
}

export const jwksRoutes: Routes = (app, ctx) => {
  app.get(
    '/.well-known/jwks.json',
    {
      schema: {
        summary: 'Public keys of access tokens',
        response: { 200: JsonWebKeys, ...notModified },
      },
    },
    async (request, reply) => {
      const keys = z.array(JsonWebKey).parse((await signingKeys(ctx)).map(({ publicJwk }) => publicJwk))
      const answer = cacheable(asJson(JsonWebKeys, { keys }))
      return sendCacheable(request, reply, answer, 'public, max-age=300')
    },
  )
}
