import { system } from '../actors.ts'
import { grantPlatform } from '../features/platform/platform-admins.ts'
import { EmailAddress } from '../features/users/email.ts'
import { type Command, UsageError } from './command.ts'
import { withContext } from './with-database.ts'

const unverified =
  'Warning: nobody has verified this e-mail address. Make sure that the account belongs to whom you mean.'

export const admin: Command = {
  summary: 'make a person a platform admin (grant-platform)',
  usage: 'admin grant-platform <email>',
  run: async ({ config, words: [verb, address, ...more], say }) => {
    if (verb !== 'grant-platform' || address === undefined || more.length > 0)
      throw new UsageError('say grant-platform and an e-mail address')
    const email = EmailAddress.safeParse(address)
    return withContext(config, async (ctx) => {
      const granted = email.success ? await grantPlatform(ctx, system('command line'), email.data) : undefined
      if (!granted) {
        say('Nobody has this e-mail address here.', { granted: false })
        return 1
      }
      const done = granted.isNew
        ? 'This person is a platform admin from now on, in sessions with a second factor (TOTP or a passkey).'
        : 'This person was a platform admin already.'
      const { userId, isEmailVerified } = granted
      say([done, ...(isEmailVerified ? [] : [unverified])].join('\n'), {
        granted: true,
        userId,
        emailVerified: isEmailVerified,
      })
      return 0
    })
  },
}
