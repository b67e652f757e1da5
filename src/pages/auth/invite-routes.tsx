import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { SignedInUser } from '../../actors.ts'
import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import { acceptAsNewPerson, acceptInvitation, type Joined } from '../../features/invitations/accept.ts'
import { declineInvitation } from '../../features/invitations/decline.ts'
import { NewAccount } from '../../features/invitations/token-schemas.ts'
import { findBrowserSession } from '../../features/sessions/authenticate.ts'
import { anyone } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { setSessionCookie } from '../../http/session-cookie.ts'
import { roleMay } from '../../roles.ts'
import { formToken, requireFormToken } from '../csrf-token.ts'
import { leaveFlash } from '../flash.ts'
import { type FormBody, given, parseForm, type Refused, refusedByUseCase, typed } from '../forms.ts'
import { type Pages, pageContext, pageSchema, redirect, sendPage } from '../render.ts'
import { urls } from '../urls.ts'
import { InvitePage } from './invite.page.tsx'
import { InviteEndedPage } from './invite-ended.page.tsx'
import { findOpened, findVisitor, visitorOf } from './invite-visitor.ts'

const schema = { ...pageSchema, params: z.object({ token: z.string() }) }
const formSchema = { ...schema, body: z.record(z.string(), z.unknown()) }
const limit = { config: { limit: 'invitationAccept' } } as const

type Shown = { status?: number; body?: FormBody; errors?: Refused['errors']; banner?: string | undefined }

/** The page behind an invite link. A GET spends nothing, so that whoever scans mails for links spends none either. */
export const invitePages =
  (pages: Pages): Routes =>
  (app, ctx) => {
    const sendEnded = (
      request: FastifyRequest,
      reply: FastifyReply,
      ending: 'unknown' | 'accepted' | 'revoked' | 'expired' | 'declined',
      organization?: string,
    ) =>
      sendPage(
        ctx,
        reply,
        <InviteEndedPage
          context={pageContext(pages, request, 'auth')}
          ending={ending}
          organization={organization}
        />,
        { status: ending === 'unknown' ? 404 : ending === 'declined' ? 200 : 410 },
      )

    async function show(request: FastifyRequest, reply: FastifyReply, token: string, shown: Shown = {}) {
      const invitation = await findOpened(ctx, token)
      if (!invitation) return sendEnded(request, reply, 'unknown')
      const visitor = await visitorOf(ctx, request, invitation)
      const { standing, organization_name: organization } = invitation
      if (standing !== 'pending' && visitor.kind !== 'member')
        return sendEnded(request, reply, standing, organization)
      const { status = 200, body = {}, errors, banner } = shown
      const page = (
        <InvitePage
          context={pageContext(pages, request, 'auth')}
          csrfToken={formToken(ctx, request, reply)}
          token={token}
          organization={organization}
          role={invitation.role}
          inviter={invitation.inviter_name}
          email={invitation.email}
          expiresAt={invitation.expires_at}
          visitor={visitor}
          values={{ email: typed(body, 'email'), display_name: typed(body, 'display_name') }}
          errors={errors}
          banner={visitor.kind === 'member' ? undefined : banner}
        />
      )
      return sendPage(ctx, reply, page, { status })
    }

    app.get('/invite/:token', { config: { limit: 'invitationPreview' }, schema }, (request, reply) =>
      show(request, reply, request.params.token),
    )

    /** Carries out for the person whom the form named what they chose; anybody else is shown the page again. */
    async function choose(
      request: FastifyRequest<{ Params: { token: string } }>,
      reply: FastifyReply,
      carryOut: (user: SignedInUser, token: string) => Promise<FastifyReply>,
    ) {
      requireFormToken(ctx, request)
      const { token } = request.params
      const user = await findVisitor(ctx, request)
      if (!user || user.userId !== typed(request.body as FormBody, 'user_id'))
        return redirect(reply, urls.invite(token))
      try {
        return await carryOut(user, token)
      } catch (error) {
        return show(request, reply, token, refusedHere(error))
      }
    }

    app.post('/invite/:token/accept', { ...limit, schema: formSchema }, (request, reply) =>
      choose(request, reply, async (user, token) => {
        return enter(ctx, reply, await acceptInvitation(ctx, user, token))
      }),
    )

    app.post(
      '/invite/:token/decline',
      { config: { limit: 'mutation' }, schema: formSchema },
      (request, reply) =>
        choose(request, reply, async (user, token) => {
          const opened = await findOpened(ctx, token)
          await declineInvitation(ctx, user, token)
          return sendEnded(request, reply, 'declined', opened?.organization_name)
        }),
    )

    if (!ctx.config.authMethods.includes('password')) return
    app.post('/invite/:token/sign-up', { ...limit, schema: formSchema }, async (request, reply) => {
      requireFormToken(ctx, request)
      const { token } = request.params
      const body: FormBody = request.body
      const input = {
        email: typed(body, 'email'),
        password: typed(body, 'password'),
        display_name: given(body, 'display_name'),
      }
      const { data, refused } = parseForm(NewAccount, input, body)
      if (refused) return show(request, reply, token, { ...refused, status: 422, body })
      try {
        const person = { ...data, token, displayName: data.display_name ?? null }
        const replaced = await findBrowserSession(ctx, request)
        const started = await acceptAsNewPerson(ctx, anyone(request), person, replaced)
        setSessionCookie(reply, ctx.config, started.token)
        return enter(ctx, reply, started)
      } catch (error) {
        return show(request, reply, token, { ...refusedHere(error, body), body })
      }
    })
  }

/** What the page tells of a refusal; whatever else went wrong has a page of its own. */
function refusedHere(error: unknown, body: FormBody = {}): Shown {
  if (error instanceof AppError && error.code === 'not_found') return {}
  if (error instanceof AppError && error.code === 'forbidden') return { status: 403, banner: error.message }
  const { status, refused } = refusedByUseCase(error, body)
  return { ...refused, status }
}

/** Into the organization, as far as the console has something for the role. */
function enter(ctx: Context, reply: FastifyReply, { invitation }: Joined) {
  const { organization_name, organization_slug, role } = invitation
  leaveFlash(ctx, reply, { title: `You have joined ${organization_name}` })
  const hasProjects = roleMay(role, 'projects.read')
  return redirect(reply, hasProjects ? urls.projects(organization_slug) : urls.accountSessions())
}
