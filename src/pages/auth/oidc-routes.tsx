import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Context } from '../../context.ts'
import { notFound } from '../../errors.ts'
import { findBrowserSession, findSignedInUser } from '../../features/sessions/authenticate.ts'
import { finishSignIn } from '../../features/sign-in/oidc-callback.ts'
import { beginSignIn } from '../../features/sign-in/oidc-login.ts'
import { SignInRefused } from '../../features/sign-in/sign-in-refused.ts'
import { anyone } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { setSessionCookie } from '../../http/session-cookie.ts'
import { type Pages, pageContext, pageSchema, redirect, sendPage } from '../render.ts'
import { returnAddress, returnAddressOrConsole } from '../return-address.ts'
import { urls } from '../urls.ts'
import { AuthErrorPage } from './auth-error.page.tsx'
import { authErrorWords } from './error-routes.tsx'
import { browserToken, keepBrowserToken } from './oidc-browser.ts'

// Whatever else a caller sends along is not looked at.
const LoginQuery = z.object({ redirect_url: z.unknown().optional(), step_up: z.unknown().optional() })

export const oidcPages =
  (pages: Pages): Routes =>
  (app, ctx) => {
    app.get(
      '/auth/login',
      { config: { limit: 'oidcLogin' }, schema: { ...pageSchema, querystring: LoginQuery } },
      async (request, reply) => {
        const redirectUrl = returnAddress(ctx, request.query.redirect_url)
        if (!ctx.config.oidc) return found(reply, urls.signIn(redirectUrl))
        const isStepUp = request.query.step_up === '1'
        const url = await beginSignIn(ctx, {
          browserToken: keepBrowserToken(ctx, request, reply),
          redirectUrl,
          isStepUp,
          user: isStepUp ? await findSignedInUser(ctx, request) : undefined,
        })
        return found(reply, url.href)
      },
    )

    app.get(
      '/auth/callback',
      { config: { limit: 'oidcCallback' }, schema: pageSchema },
      async (request, reply) => {
        if (!ctx.config.oidc) throw notFound('page')
        try {
          const { token, redirectUrl } = await finishSignIn(ctx, anyone(request), {
            query: new URLSearchParams(request.url.split('?').slice(1).join('?')),
            browserToken: browserToken(ctx, request),
            user: await findSignedInUser(ctx, request),
            browserSession: await findBrowserSession(ctx, request),
          })
          setSessionCookie(reply, ctx.config, token)
          return redirect(reply, returnAddressOrConsole(ctx, redirectUrl))
        } catch (error) {
          if (error instanceof SignInRefused) return refuse(ctx, pages, request, reply, error)
          throw error
        }
      },
    )
  }

const found = (reply: FastifyReply, url: string) =>
  reply.code(302).header('location', url).serializer(String).send('')

const statuses: Partial<Record<SignInRefused['code'], number>> = { account_disabled: 403 }

/** Says in our words why nobody is signed in; what the provider said is in the log. */
function refuse(
  ctx: Context,
  pages: Pages,
  request: FastifyRequest,
  reply: FastifyReply,
  { code, message }: SignInRefused,
) {
  ctx.log.info({ requestId: request.id, code, reason: message }, 'a sign-in through the provider was refused')
  if (code === 'email_in_use') return redirect(reply, urls.authError(code))
  return sendPage(
    ctx,
    reply,
    <AuthErrorPage
      context={pageContext(pages, request, 'auth')}
      {...authErrorWords(code)}
      code={code}
      requestId={request.id}
      at={ctx.clock()}
      back={code === 'other_account' ? { label: 'Back to the console', href: urls.console() } : undefined}
    />,
    { status: statuses[code] ?? 400 },
  )
}
