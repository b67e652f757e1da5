import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { listGrants, revokeGrant } from '../../features/app-sign-in/grants.ts'
import {
  listOwnProjectSessions,
  revokeOwnProjectSession,
} from '../../features/project-sessions/project-sessions.ts'
import { listOwnSessions, revokeOtherSessions, revokeOwnSession } from '../../features/sessions/sessions.ts'
import { signedInUser } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { loadShell } from '../console/shell.ts'
import { leaveFlash } from '../flash.ts'
import { deviceName } from '../format.ts'
import { type Pages, pageSchema, redirect, sendPage } from '../render.ts'
import { urls } from '../urls.ts'
import { SessionsPage } from './sessions.page.tsx'

const config = { limit: 'mutation' } as const
const firstPage = { limit: 100 }

/** What a person may see and end of their own sign-ins. */
export const accountPages =
  (pages: Pages): Routes =>
  (app, ctx) => {
    app.get('/account', { schema: pageSchema }, async (_request, reply) =>
      redirect(reply, urls.accountSessions()),
    )

    app.get('/account/sessions', { schema: pageSchema }, async (request, reply) => {
      const user = signedInUser(request)
      const [shell, sessions, apps, grants] = await Promise.all([
        loadShell(ctx, pages, request, reply),
        listOwnSessions(ctx, user),
        listOwnProjectSessions(ctx, user, firstPage),
        listGrants(ctx, user, firstPage),
      ])
      if (!shell) throw new Error('the account was entered without a person')
      const rows = sessions.map((row) => ({
        id: row.id,
        device: deviceName(row.user_agent),
        address: row.address,
        lastSeenAt: row.last_seen_at,
        createdAt: row.created_at,
        isCurrent: row.id === user.sessionId,
      }))
      const page = (
        <SessionsPage
          shell={shell}
          sessions={rows.sort((a, b) => Number(b.isCurrent) - Number(a.isCurrent))}
          apps={apps.rows.map((row) => ({
            id: row.id,
            project: row.project_name,
            organization: row.organization_name,
            device: deviceName(row.user_agent),
            address: row.address,
            lastSeenAt: row.last_seen_at,
            createdAt: row.session_created_at,
          }))}
          grants={grants.rows.map((row) => ({
            id: row.id,
            project: row.name,
            organization: row.organization_name,
            createdAt: row.created_at,
          }))}
        />
      )
      return sendPage(ctx, reply, page)
    })

    const after = (reply: FastifyReply, title: string) => {
      leaveFlash(ctx, reply, { title, tone: 'ok' })
      return redirect(reply, urls.accountSessions())
    }
    const action = <Params extends z.ZodRawShape>(params: Params) => ({
      config,
      schema: { ...pageSchema, params: z.object(params), body: z.record(z.string(), z.unknown()).optional() },
    })

    app.post('/account/sessions/end-others', action({}), async (request: FastifyRequest, reply) => {
      await revokeOtherSessions(ctx, signedInUser(request))
      return after(reply, 'Signed out everywhere else')
    })

    app.post('/account/sessions/:session/end', action({ session: z.string() }), async (request, reply) => {
      await revokeOwnSession(ctx, signedInUser(request), request.params.session)
      return after(reply, 'Signed out')
    })

    app.post(
      '/account/project-sessions/:session/end',
      action({ session: z.string() }),
      async (request, reply) => {
        await revokeOwnProjectSession(ctx, signedInUser(request), request.params.session)
        return after(reply, 'Signed out of the app')
      },
    )

    app.post('/account/grants/:project/revoke', action({ project: z.string() }), async (request, reply) => {
      await revokeGrant(ctx, signedInUser(request), request.params.project)
      return after(reply, 'Access revoked')
    })
  }
