import { z } from 'zod'
import type { ErrorCode } from '../../errors.ts'
import { memberWho } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { answerOnce } from '../../http/idempotency.ts'
import { pageOf } from '../../http/schemas.ts'
import { createInvitation, listInvitations } from './invitations.ts'
import { resendInvitation } from './resend.ts'
import { revokeInvitation } from './revoke.ts'
import {
  InvitationLink,
  InvitationSearch,
  NewInvitation,
  Resending,
  ShownInvitation,
  shownInvitation,
  shownLink,
} from './schemas.ts'

const ofOrganization = z.object({ org: z.string() })
const ofInvitation = z.object({ org: z.string(), invitation: z.string() })

/** Of whatever gives out a link. */
const refusals: ErrorCode[] = [
  'conflict',
  'forbidden',
  'reauthentication_required',
  'subscription_inactive',
  'subscription_limit_exceeded',
]

export const invitationRoutes: Routes = (app, ctx) => {
  app.get(
    '/v1/orgs/:org/invitations',
    {
      config: { permission: 'members.invite' },
      schema: {
        summary: 'Invitations, newest first',
        params: ofOrganization,
        querystring: InvitationSearch,
        response: { 200: pageOf(ShownInvitation) },
      },
    },
    async (request) => {
      const { status, ...page } = request.query
      const inviter = memberWho(request, 'members.invite')
      const { rows, nextCursor } = await listInvitations(ctx, inviter, status, page)
      return { data: rows.map(shownInvitation), nextCursor }
    },
  )

  app.post(
    '/v1/orgs/:org/invitations',
    {
      config: {
        permission: 'members.invite',
        limit: 'mutation',
        isIdempotent: true,
        errors: refusals,
      },
      schema: {
        summary: 'Make a manual invite link; nothing is mailed',
        params: ofOrganization,
        body: NewInvitation,
        response: { 201: InvitationLink },
      },
    },
    (request, reply) => {
      const { email = null, ...input } = request.body
      return answerOnce(ctx, request, reply, { status: 201, show: shownLink }, () =>
        createInvitation(ctx, memberWho(request, 'members.invite'), { ...input, email }),
      )
    },
  )

  app.delete(
    '/v1/orgs/:org/invitations/:invitation',
    {
      config: { permission: 'members.invite', limit: 'mutation', errors: ['conflict'] },
      schema: {
        summary: 'Revoke an invitation; its link opens nothing any more',
        params: ofInvitation,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await revokeInvitation(ctx, memberWho(request, 'members.invite'), request.params.invitation)
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/v1/orgs/:org/invitations/:invitation/resend',
    {
      config: {
        permission: 'members.invite',
        limit: 'mutation',
        isIdempotent: true,
        errors: refusals,
      },
      schema: {
        summary: 'A new link and time for an invitation that is open or expired; the link before is dead',
        params: ofInvitation,
        body: Resending.nullish(),
        response: { 200: InvitationLink },
      },
    },
    (request, reply) =>
      answerOnce(ctx, request, reply, { status: 200, show: shownLink }, () =>
        resendInvitation(
          ctx,
          memberWho(request, 'members.invite'),
          request.params.invitation,
          request.body?.expiresInDays ?? 7,
        ),
      ),
  )
}
