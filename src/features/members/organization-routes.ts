import { z } from 'zod'
import { memberOrOneself, memberWho } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { pageOf, pageQuery } from '../../http/schemas.ts'
import { changeRole, listMembers, removeMember } from './members.ts'
import { RoleChange, ShownMember, shownMember } from './schemas.ts'

const ofMember = z.object({ org: z.string(), user: z.string() })

export const memberRoutes: Routes = (app, ctx) => {
  app.get(
    '/v1/orgs/:org/members',
    {
      config: { permission: 'members.list' },
      schema: {
        summary: 'Members, newest first',
        params: z.object({ org: z.string() }),
        querystring: pageQuery,
        response: { 200: pageOf(ShownMember) },
      },
    },
    async (request) => {
      const { rows, nextCursor } = await listMembers(ctx, memberWho(request, 'members.list'), request.query)
      return { data: rows.map(shownMember), nextCursor }
    },
  )

  app.patch(
    '/v1/orgs/:org/members/:user',
    {
      config: {
        permission: 'members.grant',
        limit: 'mutation',
        errors: ['last_owner', 'forbidden', 'reauthentication_required', 'subscription_inactive'],
      },
      schema: {
        summary: 'Change a member’s role',
        description:
          'Nobody gives or takes a role that carries more than their own. To hand over ownership, make somebody else an owner (this wants a sign-in of the last 30 minutes), then change your own role.',
        params: ofMember,
        body: RoleChange,
        response: { 200: ShownMember },
      },
    },
    async (request) => {
      const { user } = request.params
      return shownMember(await changeRole(ctx, memberWho(request, 'members.grant'), user, request.body.role))
    },
  )

  app.delete(
    '/v1/orgs/:org/members/:user',
    {
      config: {
        permission: 'members.remove',
        oneself: 'user',
        limit: 'mutation',
        errors: ['last_owner', 'forbidden'],
      },
      schema: {
        summary: 'Remove a member, or leave',
        description: 'Everybody may remove themself; the last owner stays.',
        params: ofMember,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await removeMember(ctx, memberOrOneself(request), request.params.user)
      return reply.code(204).send(null)
    },
  )
}
