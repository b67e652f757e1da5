import { z } from 'zod'
import type { Routes } from '../http/audiences.ts'
import { type FormBody, typed } from './forms.ts'
import { pageSchema, redirect } from './render.ts'
import { returnAddressOrConsole } from './return-address.ts'

const yearSeconds = 31_536_000

/** The choice of light or dark for a browser without scripts; with scripts the cookie is set in place. */
export const themeRoutes: Routes = (app, ctx) => {
  app.post(
    '/theme',
    { schema: { ...pageSchema, body: z.record(z.string(), z.unknown()) } },
    async (request, reply) => {
      const body: FormBody = request.body
      const theme = typed(body, 'theme')
      const attributes = { path: '/', sameSite: 'lax', secure: ctx.config.session.cookieSecure } as const
      if (theme === 'light' || theme === 'dark')
        reply.setCookie('theme', theme, { ...attributes, maxAge: yearSeconds })
      else reply.clearCookie('theme', attributes)
      return redirect(reply, returnAddressOrConsole(ctx, body.return_to))
    },
  )
}
