import { z } from 'zod'
import { AppError, invalidInput } from '../../errors.ts'
import { anyone } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { findBrowserSession, findSignedInUser } from '../sessions/authenticate.ts'
import { answerSignedIn, SignedIn, shownAccessToken, shownSession } from '../sessions/identity-schemas.ts'
import { acceptAsNewPerson, acceptInvitation } from './accept.ts'
import { openInvitation } from './opened.ts'
import {
  Acceptance,
  Accepted,
  ByToken,
  InvitationPreview,
  InvitationToken,
  shownPreview,
} from './token-schemas.ts'

/** For who has a link, signed in or not. Asking spends nothing, however often. */
export const invitationTokenRoutes: Routes = (app, ctx) => {
  app.get(
    '/v1/auth/invitations/preview',
    {
      config: { limit: 'invitationPreview', errors: ['not_found'] },
      schema: {
        summary: 'What an invite link invites to',
        querystring: z.object({ token: InvitationToken }),
        response: { 200: InvitationPreview },
      },
    },
    async (request) => shownPreview(await openInvitation(ctx.db, request.query.token)),
  )

  app.post(
    '/v1/auth/invitations/accept',
    {
      config: {
        limit: 'invitationAccept',
        errors: [
          'authentication_required',
          'subscription_inactive',
          'subscription_limit_exceeded',
          'forbidden',
          'not_found',
          'conflict',
        ],
      },
      schema: {
        summary: 'Join an organization: signed in, or with a password for a new account',
        description:
          'Without a password the signed-in person joins, and the organization becomes the active one of their session. With one, an account is made first, if the invitation is for whoever has the link; one that names an address fits an account that has verified it and no other.',
        body: ctx.config.authMethods.includes('password') ? Acceptance : ByToken,
        response: { 200: Accepted, 201: SignedIn },
      },
    },
    async (request, reply) => {
      const { token, email, password, display_name }: z.output<typeof Acceptance> = request.body
      if (password) {
        if (!email) throw invalidInput('email', 'is needed for a new account')
        const replaced = await findBrowserSession(ctx, request)
        const person = { token, email, password, displayName: display_name ?? null }
        const started = await acceptAsNewPerson(ctx, anyone(request), person, replaced)
        return reply.code(201).send(await answerSignedIn(ctx, reply, started))
      }
      if (email || display_name) throw invalidInput('password', 'is needed for a new account')
      const user = await findSignedInUser(ctx, request)
      if (!user)
        throw new AppError('authentication_required', 'Sign in first, or give a password for a new account.')
      const { view } = await acceptInvitation(ctx, user, token)
      const accessToken = user.credential === 'cookie' ? await shownAccessToken(ctx, view) : {}
      return { status: 'success' as const, ...shownSession(view), ...accessToken }
    },
  )
}
