import { readFile, writeFile } from 'node:fs/promises'
import { makeAnchor, readAnchor } from '../features/audit-log/anchor.ts'
import { pruneAuditLog } from '../features/audit-log/prune.ts'
import { verifyAuditLog } from '../features/audit-log/verify.ts'
import { type Command, type Invocation, UsageError } from './command.ts'
import { withContext } from './with-database.ts'

type Verb = { options: string[]; run: (invocation: Invocation) => Promise<number> }

const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`

/** A file that cannot be read or written is one that was named wrongly. */
function misused(error: Error): never {
  throw new UsageError(error.message)
}

const verify: Verb['run'] = async ({ config, options, say }) => {
  const text =
    options.anchor === undefined ? undefined : await readFile(options.anchor, 'utf8').catch(misused)
  return withContext(config, async (ctx) => {
    const anchor = text === undefined ? undefined : readAnchor(ctx, text)
    if (text !== undefined && !anchor) {
      say(
        `${options.anchor} is no anchor that a key of SEALING_KEY signed as it stands. NOTHING was checked.`,
        {
          anchor: { isGenuine: false },
        },
      )
      return 1
    }
    const anchored = anchor && { anchor, keptDays: config.audit.keptDays }
    const result = await verifyAuditLog(ctx.db, anchored)
    const isWhole = result.flaws.length === 0
    const lines = [
      `${result.rows} rows in ${result.streams} streams: ${isWhole ? 'every chain is whole.' : 'NOT WHOLE'}`,
      ...(anchor ? [`Compared with the anchor of ${anchor.issuedAt}.`] : []),
      ...(result.erased > 0 ? [`The details of ${count(result.erased, 'row')} were erased.`] : []),
      ...result.flaws.map(({ streamId, sequence, message }) => `  ${streamId} ${sequence}: ${message}`),
    ]
    const facts = anchor && {
      anchor: { isGenuine: true, issuedAt: anchor.issuedAt, streams: anchor.streams.length },
    }
    say(lines.join('\n'), { ...result, ...facts })
    return isWhole ? 0 : 1
  })
}

const anchor: Verb['run'] = ({ config, options, say }) =>
  withContext(config, async (ctx) => {
    const made = await makeAnchor(ctx)
    const text = JSON.stringify(made)
    if (options.output === undefined) {
      say(text, made)
      return 0
    }
    // One that is there already is evidence.
    await writeFile(options.output, `${text}\n`, { flag: 'wx' }).catch(misused)
    const streams = made.streams.length
    say(
      `${options.output} says where ${streams === 1 ? '1 stream ends' : `${streams} streams end`}. Keep it where nobody who can write to the database can.`,
      {
        output: options.output,
        issuedAt: made.issuedAt,
        streams,
      },
    )
    return 0
  })

const prune: Verb['run'] = ({ config, say }) =>
  withContext(config, async (ctx) => {
    const pruned = await pruneAuditLog(ctx)
    say(
      `${count(pruned, 'row')} older than ${config.audit.keptDays} days went. The rest of each chain is as it was.`,
      {
        pruned,
      },
    )
    return 0
  })

const verbs: Record<string, Verb> = {
  verify: { options: ['anchor'], run: verify },
  anchor: { options: ['output'], run: anchor },
  prune: { options: [], run: prune },
}

export const audit: Command = {
  summary: 'check the audit log, sign where it ends, let old rows go',
  usage: 'audit verify | anchor | prune',
  options: {
    anchor: ['<file>', 'verify: compare with what was signed then'],
    output: ['<file>', 'anchor: write it there, where no file may be yet, instead of here'],
  },
  run: async (invocation) => {
    const [name = '', ...more] = invocation.words
    const verb = Object.hasOwn(verbs, name) && more.length === 0 ? verbs[name] : undefined
    if (!verb) throw new UsageError('say verify, anchor or prune')
    const strange = Object.keys(invocation.options).find((option) => !verb.options.includes(option))
    if (strange) throw new UsageError(`audit ${name} has no --${strange}`)
    return verb.run(invocation)
  },
}
