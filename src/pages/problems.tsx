import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import type { AppError, ErrorCode } from '../errors.ts'
import { findSignedInUser } from '../features/sessions/authenticate.ts'
import { asAppError, noteError, statusOf } from '../http/error-handler.ts'
import { AuthErrorPage } from './auth/auth-error.page.tsx'
import { ProblemPage } from './console/problem.page.tsx'
import { loadShell } from './console/shell.ts'
import { inWords } from './forms.ts'
import { type Pages, pageContext, redirect, sendPage } from './render.ts'
import { pageAddress } from './return-address.ts'
import { urls } from './urls.ts'

type Words = { title: string; text: string; suggestion: string }

const words: Partial<Record<ErrorCode, Words>> = {
  not_found: {
    title: 'Nothing here',
    text: 'This page does not exist, or it belongs to an organization that you are not a member of.',
    suggestion: 'Check the address, or start again from the console.',
  },
  forbidden: {
    title: 'Not allowed',
    text: 'Your role in this organization does not include this page.',
    suggestion: 'An owner or admin of the organization can change your role.',
  },
  admin_required: {
    title: 'Only for admins',
    text: 'Only an owner or admin of this organization can do this.',
    suggestion: 'An owner or admin of the organization can change your role.',
  },
  csrf_rejected: {
    title: 'The form was not accepted',
    text: 'It did not come from a page of this service in this browser, so nothing was changed.',
    suggestion: 'Open the page again and repeat what you did. Cookies must be on.',
  },
  rate_limited: {
    title: 'Too many attempts',
    text: 'There were too many requests from here.',
    suggestion: 'Wait a moment, then try again.',
  },
  identity_provider_unavailable: {
    title: 'The identity provider does not answer',
    text: 'Signing in goes through another service, and that cannot be reached right now.',
    suggestion: 'Try again in a minute. Whoever is signed in stays signed in.',
  },
  service_unavailable: {
    title: 'Out of reach for a moment',
    text: 'The service cannot answer right now. Nothing was lost.',
    suggestion: 'Try again in a few seconds.',
  },
}

const otherwise: Words = {
  title: 'Something went wrong',
  text: 'The service met an error. Nothing was changed unless the page said so.',
  suggestion: 'Try again. If it happens again, tell support the request id.',
}

const wordsFor = (error: AppError): Words => {
  const found = words[error.code] ?? otherwise
  if (error.retryAfterSeconds === undefined || error.code !== 'rate_limited') return found
  return { ...found, suggestion: `Try again in ${inWords(error.retryAfterSeconds)}.` }
}

/** The error handler of page audiences: sign-in when that is what is missing, else a page that names the request. */
export const answerWithPage =
  (pages: Pages) =>
  (ctx: Context) =>
  async (thrown: unknown, request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const error = asAppError(thrown)
    if (error.code === 'authentication_required') {
      // Who is signed in and is refused all the same is helped by signing in again only.
      const isSignedIn = await findSignedInUser(ctx, request)
      const signInUrl = isSignedIn ? urls.signInAgain : urls.signIn
      return redirect(reply, signInUrl(pageAddress(ctx, request)), { whole: true })
    }
    noteError(ctx, error, request, reply)
    const { title, text, suggestion } = wordsFor(error)
    const facts = { code: error.code, requestId: request.id, at: ctx.clock() }
    const status = statusOf(error)
    const shell =
      error.code === 'service_unavailable'
        ? undefined
        : await loadShell(ctx, pages, request, reply).catch(() => undefined)
    if (shell) {
      return sendPage(
        ctx,
        reply,
        <ProblemPage shell={shell} title={title} text={`${text} ${suggestion}`} {...facts} />,
        { status },
      )
    }
    const context = pageContext(pages, request, 'auth')
    return sendPage(
      ctx,
      reply,
      <AuthErrorPage context={context} title={title} text={text} suggestion={suggestion} {...facts} />,
      { status },
    )
  }
