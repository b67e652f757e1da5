import { z } from 'zod'
import { signedInUser } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { changePassword } from './change-password.ts'
import { GivenPassword, NewPassword } from './password.ts'

const PasswordChange = z.strictObject({
  current_password: GivenPassword,
  new_password: NewPassword,
  sign_out_other_sessions: z.boolean().nullish(),
})

export const passwordRoutes: Routes = (app, ctx) => {
  if (!ctx.config.authMethods.includes('password')) return
  app.post(
    '/v1/users/me/password',
    {
      config: { limit: 'reauthenticate', errors: ['reauthentication_required'] },
      schema: { summary: 'Change my password', body: PasswordChange, response: { 204: z.null() } },
    },
    async (request, reply) => {
      const { current_password, new_password, sign_out_other_sessions } = request.body
      await changePassword(ctx, signedInUser(request), {
        currentPassword: current_password,
        newPassword: new_password,
        signOutOthers: sign_out_other_sessions ?? true,
      })
      return reply.code(204).send(null)
    },
  )
}
