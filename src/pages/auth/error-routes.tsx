import { z } from 'zod'
import type { Routes } from '../../http/audiences.ts'
import { type Pages, pageContext, pageSchema, sendPage } from '../render.ts'
import { AuthErrorPage } from './auth-error.page.tsx'

const known: Record<string, { title: string; text: string; suggestion: string }> = {
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

const otherwise = {
  title: 'Signing in did not work',
  text: 'Something went wrong between here and where you came from. You are not signed in.',
  suggestion: 'Start again from the sign-in page.',
}

export const authErrorPages =
  (pages: Pages): Routes =>
  (app, ctx) => {
    app.get(
      '/auth-error/:code',
      { schema: { ...pageSchema, params: z.object({ code: z.string() }) } },
      async (request, reply) => {
        const code = /^[a-z_]{1,40}$/.test(request.params.code) ? request.params.code : 'unknown'
        const words = known[code] ?? otherwise
        const facts = { code, requestId: request.id, at: ctx.clock() }
        const context = pageContext(pages, request, 'auth')
        return sendPage(ctx, reply, <AuthErrorPage context={context} {...words} {...facts} />)
      },
    )
  }
