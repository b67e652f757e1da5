import { system } from '../actors.ts'
import { rotateSealing } from '../features/sealing/rotate-sealing.ts'
import { rotateSigningKeys } from '../features/sessions/signing-keys.ts'
import { type Command, type Invocation, UsageError } from './command.ts'
import { withContext } from './with-database.ts'

type Verb = (invocation: Invocation) => Promise<number>

const rotateSigning: Verb = ({ config, say }) =>
  withContext(config, async (ctx) => {
    await rotateSigningKeys(ctx, system('command line'), { now: true })
    say('A new key signs access tokens within a minute; those before stay valid until they expire.', {
      rotated: true,
    })
    return 0
  })

const rotateSealingKey: Verb = ({ config, say }) =>
  withContext(config, async (ctx) => {
    const result = await rotateSealing(ctx, system('command line'))
    const lines = Object.entries(result.resealed).map(([place, count]) => `${place}: ${count} sealed anew`)
    const unreadable = result.unreadable.map(
      ({ place, row }) => `${place} of ${row}: opens with no key of SEALING_KEY`,
    )
    const isWhole = unreadable.length === 0
    const end = isWhole
      ? 'Everything is sealed under the newest key. Older ones can go once no replica runs without it.'
      : 'NOT EVERYTHING could be opened. What the list above names is as it was.'
    say([...lines, ...unreadable, end].join('\n'), result)
    return isWhole ? 0 : 1
  })

const verbs: Record<string, Verb> = {
  'rotate-signing': rotateSigning,
  'rotate-sealing': rotateSealingKey,
}

export const keys: Command = {
  summary: 'a new key for access tokens; everything sealed anew under the newest of SEALING_KEY',
  usage: 'keys rotate-signing | rotate-sealing',
  run: async (invocation) => {
    const [name = '', ...more] = invocation.words
    const verb = Object.hasOwn(verbs, name) && more.length === 0 ? verbs[name] : undefined
    if (!verb) throw new UsageError('say rotate-signing or rotate-sealing')
    return verb(invocation)
  },
}
