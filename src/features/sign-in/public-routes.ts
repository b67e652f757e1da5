import { z } from 'zod'
import { anyone } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { line, slug } from '../../http/schemas.ts'
import { GivenPassword, NewPassword } from '../credentials/password.ts'
import { findBrowserSession } from '../sessions/authenticate.ts'
import { answerSignedIn, SignedIn } from '../sessions/identity-schemas.ts'
import { EmailAddress } from '../users/email.ts'
import { register } from './register.ts'
import { signIn } from './sign-in.ts'

export const Registration = z.strictObject({
  email: EmailAddress,
  password: NewPassword,
  display_name: line(200).meta({ example: 'Ada Lovelace' }).nullish(),
  organization_name: line(200).meta({ example: 'SEQN' }),
  organization_slug: slug.nullish(),
})

export const SignIn = z.strictObject({ email: EmailAddress, password: GivenPassword })

/** The use case's input from the wire's. */
export const registration = (body: z.output<typeof Registration>) => ({
  email: body.email,
  password: body.password,
  displayName: body.display_name ?? null,
  organization: { name: body.organization_name, slug: body.organization_slug ?? undefined },
})

export const signInRoutes: Routes = (app, ctx) => {
  if (!ctx.config.authMethods.includes('password')) return
  app.post(
    '/v1/auth/register',
    {
      config: { limit: 'register', errors: ['conflict'] },
      schema: { summary: 'Sign up', body: Registration, response: { 201: SignedIn } },
    },
    async (request, reply) => {
      const replaced = await findBrowserSession(ctx, request)
      const started = await register(ctx, anyone(request), registration(request.body), replaced)
      return reply.code(201).send(await answerSignedIn(ctx, reply, started))
    },
  )

  app.post(
    '/v1/auth/login',
    {
      config: { limit: 'login', errors: ['authentication_required'] },
      schema: { summary: 'Sign in by password', body: SignIn, response: { 200: SignedIn } },
    },
    async (request, reply) => {
      const replaced = await findBrowserSession(ctx, request)
      return answerSignedIn(ctx, reply, await signIn(ctx, anyone(request), request.body, replaced))
    },
  )
}
