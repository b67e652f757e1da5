import { smoke as checkKeys, smokeLine } from '../../packages/seqn-auth-js/src/smoke.ts'
import { type Command, UsageError } from './command.ts'

/** The SDK's own check, made from its source, so that it needs no package that was built or installed before. */
export const smoke: Command = {
  summary: 'check SEQN_AUTH_BASE_URL and both keys of a project',
  usage: 'smoke',
  run: async ({ words, say }) => {
    if (words.length > 0) throw new UsageError('smoke takes no words: it reads SEQN_AUTH_*')
    const { ok } = await checkKeys({}, (check) => say(smokeLine(check), check))
    return ok ? 0 : 1
  },
}
