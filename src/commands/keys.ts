import { system } from '../actors.ts'
import { rotateSigningKeys } from '../features/sessions/signing-keys.ts'
import { type Command, UsageError } from './command.ts'
import { withContext } from './with-database.ts'

export const keys: Command = {
  summary: 'make a new signing key for access tokens (rotate-signing)',
  usage: 'keys rotate-signing',
  run: async ({ config, words: [verb], say }) => {
    if (verb !== 'rotate-signing') throw new UsageError('say rotate-signing')
    return withContext(config, async (ctx) => {
      await rotateSigningKeys(ctx, system('command line'), { now: true })
      say('A new key signs access tokens within a minute; those before stay valid until they expire.', {
        rotated: true,
      })
      return 0
    })
  },
}
