import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Context } from '../../context.ts'
import { grantAccess, issueCode, judgeAdmission } from '../../features/app-sign-in/authorize.ts'
import { type Destination, findDestination, withParameters } from '../../features/app-sign-in/destination.ts'
import { findSignedInUser } from '../../features/sessions/authenticate.ts'
import { viewSession } from '../../features/sessions/sessions.ts'
import type { Routes } from '../../http/audiences.ts'
import { typed } from '../forms.ts'
import { leaveFor, type Pages, pageContext, pageSchema, redirect, sendPage } from '../render.ts'
import { urls } from '../urls.ts'
import { AppConsentPage } from './app-consent.page.tsx'
import { AuthErrorPage } from './auth-error.page.tsx'

const anything = z.record(z.string(), z.unknown())

/** The page where a sign-in for an app goes on, whichever way the person signed in. */
export const appSignInPages =
  (pages: Pages): Routes =>
  (app, ctx) => {
    const refuse = (request: FastifyRequest, reply: FastifyReply) =>
      sendPage(
        ctx,
        reply,
        <AuthErrorPage
          context={pageContext(pages, request, 'auth')}
          title="This link does not fit"
          text="The app that sent you here asks for something that is not registered, or it is switched off."
          suggestion="Go back to the app and start again. If it happens again, tell the people who run the app."
          code="invalid_app_link"
          requestId={request.id}
          at={ctx.clock()}
        />,
        { status: 400 },
      )

    app.get(
      '/sign-in/continue',
      { schema: { ...pageSchema, querystring: anything } },
      async (request, reply) => {
        const destination = await findDestination(ctx, request.query)
        if (!destination) return refuse(request, reply)
        const { project, redirectUrl, codeRequest } = destination
        if (!codeRequest) return leaveFor(reply, redirectUrl)
        const user = await findVisitor(ctx, request)
        if (!user) return redirect(reply, urls.signIn(linkOf(destination)))
        const admission = await judgeAdmission(ctx, user, project)
        if (admission === 'refused') return redirect(reply, urls.signInAgain(linkOf(destination)))
        if (admission === 'allowed')
          return leaveFor(reply, await issueCode(ctx, user, { ...destination, codeRequest }))
        const { email } = await viewSession(ctx, user.sessionId)
        const { state } = codeRequest
        const { host, origin } = new URL(redirectUrl)
        const page = (
          <AppConsentPage
            context={pageContext(pages, request, 'auth')}
            brand={{ name: project.name }}
            email={email}
            organization={project.organization_name}
            host={host}
            hidden={{ ...parametersOf(destination), user_id: user.userId }}
            signInUrl={linkOf(destination)}
            cancelUrl={withParameters(redirectUrl, { error: 'access_denied', state })}
          />
        )
        return sendPage(ctx, reply, page, { formOrigin: origin })
      },
    )

    app.post('/sign-in/continue', { schema: { ...pageSchema, body: anything } }, async (request, reply) => {
      const destination = await findDestination(ctx, request.body)
      if (!destination?.codeRequest) return refuse(request, reply)
      const { project, codeRequest } = destination
      const user = await findVisitor(ctx, request)
      // Somebody else may have signed in since the page was shown: it must name whom the app gets to know.
      const isAsked = user?.userId === typed(request.body, 'user_id')
      if (!user || !isAsked || (await judgeAdmission(ctx, user, project)) === 'refused')
        return redirect(reply, linkOf(destination))
      await grantAccess(ctx, user, project)
      return leaveFor(reply, await issueCode(ctx, user, { ...destination, codeRequest }))
    })
  }

/** Whose browser this is; an access token cannot become an app's session. */
async function findVisitor(ctx: Context, request: FastifyRequest) {
  const user = await findSignedInUser(ctx, request)
  return user?.credential === 'cookie' ? user : undefined
}

const parametersOf = ({ project, redirectUrl, codeRequest }: Destination) => ({
  publishable_key: project.publishable_key,
  redirect_url: redirectUrl,
  state: codeRequest?.state ?? '',
  code_challenge: codeRequest?.codeChallenge ?? '',
})

const linkOf = (destination: Destination) => urls.signInFor(parametersOf(destination))
