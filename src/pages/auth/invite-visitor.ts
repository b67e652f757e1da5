import type { FastifyRequest } from 'fastify'
import type { SignedInUser } from '../../actors.ts'
import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import { judgeVisitor, type OpenedInvitation, openInvitation } from '../../features/invitations/opened.ts'
import { findSignedInUser } from '../../features/sessions/authenticate.ts'
import type { InviteVisitor } from './invite.page.tsx'

/** The invitation that a link opens, whatever has become of it; undefined where it opens none. */
export const findOpened = (ctx: Context, token: string): Promise<OpenedInvitation | undefined> =>
  openInvitation(ctx.db, token).catch((error) => {
    if (error instanceof AppError && error.code === 'not_found') return undefined
    throw error
  })

/** Whose browser this is: an access token answers no page. */
export async function findVisitor(ctx: Context, request: FastifyRequest): Promise<SignedInUser | undefined> {
  const user = await findSignedInUser(ctx, request)
  return user?.credential === 'cookie' ? user : undefined
}

/** What the invitation is to whoever looks at it. */
export async function visitorOf(
  ctx: Context,
  request: FastifyRequest,
  invitation: OpenedInvitation,
): Promise<InviteVisitor> {
  const user = await findVisitor(ctx, request)
  // An account that is made here has no verified address, so none is offered where one is asked for.
  const offersAccount = ctx.config.authMethods.includes('password') && invitation.email === null
  if (!user) return { kind: 'nobody', offersAccount }
  const { fit, email } = await judgeVisitor(ctx, invitation, user.userId)
  if (fit !== 'fits') return { kind: fit, email }
  return { kind: fit, email, userId: user.userId, mayDecline: invitation.max_uses === 1 }
}
