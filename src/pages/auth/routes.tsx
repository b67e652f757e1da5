import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Context } from '../../context.ts'
import { findBrowserSession, findSignedInUser } from '../../features/sessions/authenticate.ts'
import { type StartedSession, viewSession } from '../../features/sessions/sessions.ts'
import { signOutHereAndThere, signOutOrigin } from '../../features/sign-in/oidc-logout.ts'
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
import { openOnReturn, sealForReturn } from './oidc-browser.ts'
import { placeOf } from './place.ts'
import { SignInPage } from './sign-in.page.tsx'
import { SignedOutPage, SignOutPage } from './sign-out.page.tsx'
import { SignUpPage } from './sign-up.page.tsx'

// What does not fit is ignored, so nothing is refused by its form.
const schema = { ...pageSchema, querystring: z.record(z.string(), z.unknown()) }
const formSchema = { ...pageSchema, body: z.record(z.string(), z.unknown()) }

const usesPasswords = (ctx: Context) => ctx.config.authMethods.includes('password')

const nothingRefused: Refused = { errors: {}, lineErrors: {}, banner: undefined }

export const signInPages =
  (pages: Pages): Routes =>
  (app, ctx) => {
    const showSignIn = async (
      request: FastifyRequest,
      reply: FastifyReply,
      body: FormBody,
      refused: Refused,
      status = 200,
    ) => {
      const place = await placeOf(ctx, body)
      return sendPage(
        ctx,
        reply,
        <SignInPage
          context={pageContext(pages, request, 'auth')}
          brand={place?.brand}
          csrfToken={formToken(ctx, request, reply)}
          redirectUrl={place?.url}
          singleSignOnUrl={ctx.config.oidc && urls.login(place?.url)}
          values={{ email: typed(body, 'email') }}
          errors={refused.errors}
          banner={refused.banner}
        />,
        { status, formOrigin: place?.formOrigin },
      )
    }

    app.get('/sign-in', { schema }, async (request, reply) => {
      const place = await placeOf(ctx, request.query)
      const signedIn = await findSignedInUser(ctx, request)
      // Who is signed in and must do so again: an organization ended this session for itself.
      const user = request.query.prompt === 'login' ? undefined : signedIn
      if (!user && !usesPasswords(ctx)) return redirect(reply, urls.login(place?.url))
      if (!user) return showSignIn(request, reply, request.query, nothingRefused)
      if (place?.isAppSignIn && user.credential === 'cookie') return redirect(reply, place.url)
      const { email } = await viewSession(ctx, user.sessionId)
      return sendPage(
        ctx,
        reply,
        <ContinuePage
          context={pageContext(pages, request, 'auth')}
          brand={place?.brand}
          email={email}
          continueUrl={place?.url ?? urls.console()}
          signInUrl={urls.signIn(place?.url)}
        />,
      )
    })

    if (!usesPasswords(ctx)) return
    app.post('/sign-in', { config: { limit: 'login' }, schema: formSchema }, async (request, reply) => {
      const body: FormBody = request.body
      requireFormToken(ctx, request)
      const input = { email: typed(body, 'email'), password: typed(body, 'password') }
      const { data, refused } = parseForm(SignIn, input, body)
      if (refused) return showSignIn(request, reply, body, refused, 422)
      try {
        const replaced = await findBrowserSession(ctx, request)
        return begin(ctx, reply, body, await signIn(ctx, anyone(request), data, replaced))
      } catch (error) {
        const { status, refused } = refusedByUseCase(error, body)
        return showSignIn(request, reply, body, refused, status)
      }
    })
  }

export const signUpPages =
  (pages: Pages): Routes =>
  (app, ctx) => {
    const showSignUp = async (
      request: FastifyRequest,
      reply: FastifyReply,
      body: FormBody,
      refused: Refused,
      status = 200,
    ) => {
      const place = await placeOf(ctx, body)
      return sendPage(
        ctx,
        reply,
        <SignUpPage
          context={pageContext(pages, request, 'auth')}
          brand={place?.brand}
          csrfToken={formToken(ctx, request, reply)}
          redirectUrl={place?.url}
          values={{
            email: typed(body, 'email'),
            display_name: typed(body, 'display_name'),
            organization_name: typed(body, 'organization_name'),
          }}
          errors={refused.errors}
          banner={refused.banner}
        />,
        { status, formOrigin: place?.formOrigin },
      )
    }

    app.get('/sign-up', { schema }, async (request, reply) => {
      const place = await placeOf(ctx, request.query)
      if (await findSignedInUser(ctx, request)) return redirect(reply, urls.signIn(place?.url))
      if (!usesPasswords(ctx)) return redirect(reply, urls.login(place?.url))
      return showSignUp(request, reply, request.query, nothingRefused)
    })

    if (!usesPasswords(ctx)) return
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
        const replaced = await findBrowserSession(ctx, request)
        return begin(ctx, reply, body, await register(ctx, anyone(request), registration(data), replaced))
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
      const { state, redirect_url = openOnReturn(ctx, request, state), ...others } = request.query
      const query = { ...others, redirect_url }
      const place = await placeOf(ctx, query)
      const user = await findSignedInUser(ctx, request)
      // Nothing is left to confirm: an app's link leads back to the app.
      if (!user && place?.brand) return redirect(reply, place.url)
      if (!user)
        return sendPage(
          ctx,
          reply,
          <SignedOutPage context={context} everywhere={false} redirectUrl={place?.url} />,
        )
      const { email } = await viewSession(ctx, user.sessionId)
      return sendPage(
        ctx,
        reply,
        <SignOutPage
          context={context}
          brand={place?.brand}
          email={email}
          back={urls.console()}
          redirectUrl={place?.url}
        />,
        { formOrigin: [await signOutOrigin(ctx, user), place?.formOrigin] },
      )
    })

    app.post('/auth/logout', { schema: formSchema }, async (request, reply) => {
      const body: FormBody = request.body
      const everywhere = typed(body, 'scope') === 'everywhere'
      const user = await findSignedInUser(ctx, request)
      const redirectUrl = returnAddress(ctx, body.redirect_url)
      const state = redirectUrl && sealForReturn(ctx, request, reply, redirectUrl)
      const there = user && (await signOutHereAndThere(ctx, user, { everywhere, state }))
      clearSessionCookie(reply, ctx.config)
      if (there) return redirect(reply, there.href)
      if (redirectUrl) return redirect(reply, redirectUrl)
      const context = pageContext(pages, request, 'auth')
      return sendPage(ctx, reply, <SignedOutPage context={context} everywhere={everywhere} />)
    })
  }
