import { z } from 'zod'
import type { Routes } from '../../http/audiences.ts'
import { type Pages, pageContext, pageSchema, sendPage } from '../render.ts'
import { AuthErrorPage } from './auth-error.page.tsx'

type Words = { title: string; text: string; suggestion: string }

const known: Record<string, Words> = {
  sign_in_expired: {
    title: 'This sign-in cannot be finished',
    text: 'It was begun more than ten minutes ago, in another browser, or it was finished already.',
    suggestion: 'Start again. Cookies must be on.',
  },
  provider_refused: {
    title: 'You are not signed in',
    text: 'Your identity provider did not let the sign-in go on.',
    suggestion: 'Try again, or ask whoever manages your account there.',
  },
  answer_refused: {
    title: 'Signing in did not work',
    text: 'What came back from your identity provider could not be accepted. You are not signed in.',
    suggestion: 'Try again. If it happens again, tell support the request id.',
  },
  email_missing: {
    title: 'An e-mail address is missing',
    text: 'Your identity provider told no e-mail address of you that can be used here.',
    suggestion: 'Add an address to your account there, then sign in again.',
  },
  account_disabled: {
    title: 'This account is disabled',
    text: 'You proved who you are, but your account here must not sign in at the moment.',
    suggestion: 'Ask support, and tell them the request id.',
  },
  other_account: {
    title: 'This was somebody else',
    text: 'To confirm who you are, sign in at your identity provider with the account of your session here.',
    suggestion: 'Go back and try again with the same account.',
  },
  email_in_use: {
    title: 'This address has an account already',
    text: 'The e-mail address belongs to another account here, and nothing proved that it is yours.',
    suggestion: 'Sign in the way you did before.',
  },
  session_expired: {
    title: 'Your session has ended',
    text: 'It was not used for a long time, or it was ended somewhere else.',
    suggestion: 'Sign in again to go on.',
  },
}

const otherwise: Words = {
  title: 'Signing in did not work',
  text: 'Something went wrong between here and where you came from. You are not signed in.',
  suggestion: 'Start again from the sign-in page.',
}

export const authErrorWords = (code: string): Words => known[code] ?? otherwise

export const authErrorPages =
  (pages: Pages): Routes =>
  (app, ctx) => {
    app.get(
      '/auth-error/:code',
      { schema: { ...pageSchema, params: z.object({ code: z.string() }) } },
      async (request, reply) => {
        const code = /^[a-z_]{1,40}$/.test(request.params.code) ? request.params.code : 'unknown'
        const facts = { code, requestId: request.id, at: ctx.clock() }
        const context = pageContext(pages, request, 'auth')
        return sendPage(ctx, reply, <AuthErrorPage context={context} {...authErrorWords(code)} {...facts} />)
      },
    )
  }
