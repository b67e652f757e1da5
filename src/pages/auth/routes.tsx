import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Context } from '../../context.ts'
import { findSignedInUser } from '../../features/sessions/authenticate.ts'
import {
  type StartedSession,
  signOut,
  signOutEverywhere,
  viewSession,
} from '../../features/sessions/sessions.ts'
import { Registration, registration, SignIn } from '../../features/sign-in/public-routes.ts'
import { register } from '../../features/sign-in/register.ts'
import { signIn } from '../../features/sign-in/sign-in.ts'
import { anyone } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { clearSessionCookie, setSessionCookie } from '../../http/session-cookie.ts'
import { formToken, requireFormToken } from '../csrf-token.ts'
import { type FormBody, given, parseForm, type Refused, refusedByUseCase, typed } from '../forms.ts'
import { type Pages, pageContext, pageSchema, redirect, sendPage } from '../render.ts'
import { returnAddress, returnAddressOrConsole } from '../return-address.ts'
import { urls } from '../urls.ts'
import { ContinuePage } from './continue.page.tsx'
import { SignInPage } from './sign-in.page.tsx'
import { SignedOutPage, SignOutPage } from './sign-out.page.tsx'
import { SignUpPage } from './sign-up.page.tsx'

const ReturnQuery = z.object({ redirect_url: z.string().optional() })
const schema = { ...pageSchema, querystring: ReturnQuery }
const formSchema = { ...pageSchema, body: z.record(z.string(), z.unknown()) }

const nothingRefused: Refused = { errors: {}, lineErrors: {}, banner: undefined }

export const signInPages =
  (pages: Pages): Routes =>
  (app, ctx) => {
    const showSignIn = (
      request: FastifyRequest,
      reply: FastifyReply,
      body: FormBody,
      refused: Refused,
      status = 200,
    ) =>
      sendPage(
        ctx,
        reply,
        <SignInPage
          context={pageContext(pages, request, 'auth')}
          csrfToken={formToken(ctx, request, reply)}
          redirectUrl={returnAddress(ctx, body.redirect_url)}
          values={{ email: typed(body, 'email') }}
          errors={refused.errors}
          banner={refused.banner}
        />,
        { status },
      )

    app.get('/sign-in', { schema }, async (request, reply) => {
      const { redirect_url } = request.query
      const user = await findSignedInUser(ctx, request)
      if (!user) return showSignIn(request, reply, request.query, nothingRefused)
      const { email } = await viewSession(ctx, user.sessionId)
      const context = pageContext(pages, request, 'auth')
      const signInUrl = urls.signIn(returnAddress(ctx, redirect_url))
      const continueUrl = returnAddressOrConsole(ctx, redirect_url)
      return sendPage(
        ctx,
        reply,
        <ContinuePage context={context} email={email} continueUrl={continueUrl} signInUrl={signInUrl} />,
      )
    })

    app.post('/sign-in', { config: { limit: 'login' }, schema: formSchema }, async (request, reply) => {
      const body: FormBody = request.body
      requireFormToken(ctx, request)
      const input = { email: typed(body, 'email'), password: typed(body, 'password') }
      const { data, refused } = parseForm(SignIn, input, body)
      if (refused) return showSignIn(request, reply, body, refused, 422)
      try {
        return begin(ctx, reply, body, await signIn(ctx, anyone(request), data))
      } catch (error) {
        const { status, refused } = refusedByUseCase(error, body)
        return showSignIn(request, reply, body, refused, status)
      }
    })
  }

export const signUpPages =
  (pages: Pages): Routes =>
  (app, ctx) => {
    const showSignUp = (
      request: FastifyRequest,
      reply: FastifyReply,
      body: FormBody,
      refused: Refused,
      status = 200,
    ) =>
      sendPage(
        ctx,
        reply,
        <SignUpPage
          context={pageContext(pages, request, 'auth')}
          csrfToken={formToken(ctx, request, reply)}
          redirectUrl={returnAddress(ctx, body.redirect_url)}
          values={{
            email: typed(body, 'email'),
            display_name: typed(body, 'display_name'),
            organization_name: typed(body, 'organization_name'),
          }}
          errors={refused.errors}
          banner={refused.banner}
        />,
        { status },
      )

    app.get('/sign-up', { schema }, async (request, reply) => {
      if (await findSignedInUser(ctx, request))
        return redirect(reply, urls.signIn(returnAddress(ctx, request.query.redirect_url)))
      return showSignUp(request, reply, request.query, nothingRefused)
    })

    app.post('/sign-up', { config: { limit: 'register' }, schema: formSchema }, async (request, reply) => {
      const body: FormBody = request.body
      requireFormToken(ctx, request)
      const input = {
        email: typed(body, 'email'),
        password: typed(body, 'password'),
        display_name: given(body, 'display_name'),
        organization_name: typed(body, 'organization_name'),
      }
      const { data, refused } = parseForm(Registration, input, body)
      if (refused) return showSignUp(request, reply, body, refused, 422)
      try {
        return begin(ctx, reply, body, await register(ctx, anyone(request), registration(data)))
      } catch (error) {
        const { status, refused } = refusedByUseCase(error, body)
        return showSignUp(request, reply, body, refused, status)
      }
    })
  }

function begin(ctx: Context, reply: FastifyReply, body: FormBody, { token }: StartedSession) {
  setSessionCookie(reply, ctx.config, token)
  return redirect(reply, returnAddressOrConsole(ctx, body.redirect_url))
}

export const signOutPages =
  (pages: Pages): Routes =>
  (app, ctx) => {
    app.get('/sign-out', { schema }, async (request, reply) => {
      const context = pageContext(pages, request, 'auth')
      const redirectUrl = returnAddress(ctx, request.query.redirect_url)
      const user = await findSignedInUser(ctx, request)
      if (!user)
        return sendPage(
          ctx,
          reply,
          <SignedOutPage context={context} everywhere={false} redirectUrl={redirectUrl} />,
        )
      const { email } = await viewSession(ctx, user.sessionId)
      return sendPage(
        ctx,
        reply,
        <SignOutPage context={context} email={email} back={urls.console()} redirectUrl={redirectUrl} />,
      )
    })

    app.post('/auth/logout', { schema: formSchema }, async (request, reply) => {
      const body: FormBody = request.body
      const everywhere = typed(body, 'scope') === 'everywhere'
      const user = await findSignedInUser(ctx, request)
      if (user) await (everywhere ? signOutEverywhere(ctx, user) : signOut(ctx, user))
      clearSessionCookie(reply, ctx.config)
      const redirectUrl = returnAddress(ctx, body.redirect_url)
      if (redirectUrl) return redirect(reply, redirectUrl)
      const context = pageContext(pages, request, 'auth')
      return sendPage(ctx, reply, <SignedOutPage context={context} everywhere={everywhere} />)
    })
  }
