#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { SeqnAuthError } from '../packages/seqn-auth-js/src/errors.ts'
import { admin } from './commands/admin.ts'
import { audit } from './commands/audit.ts'
import { type Command, UsageError } from './commands/command.ts'
import { keys } from './commands/keys.ts'
import { listen } from './commands/listen.ts'
import { migrate } from './commands/migrate.ts'
import { serve } from './commands/serve.ts'
import { smoke } from './commands/smoke.ts'
import { ConfigError, parseConfig } from './config.ts'
import { completeEnvironment } from './environment.ts'
import { AppError } from './errors.ts'

const commands: Record<string, Command> = { serve, migrate, admin, audit, keys, smoke, listen }

function help(): string {
  const width = Math.max(...Object.values(commands).map(({ usage }) => usage.length)) + 2
  const lines = Object.values(commands).map(({ usage, summary }) => `  ${usage.padEnd(width)}${summary}`)
  return `silver-auth <command> [--json] [--help]\n\n${lines.join('\n')}\n`
}

function helpOf({ usage, summary, options = {}, flags = {} }: Command): string {
  const said = Object.entries(options).map(([name, [value, meaning]]) => [`--${name} ${value}`, meaning])
  const all = [...said, ...Object.entries(flags).map(([name, meaning]) => [`--${name}`, meaning])]
  const lines = all.map(([option = '', meaning]) => `\n  ${option.padEnd(26)}${meaning}`)
  return `silver-auth ${usage}\n  ${summary}\n${lines.length > 0 ? `${lines.join('')}\n` : ''}`
}

type Own = Pick<Command, 'options' | 'flags'>

const optionsOfType = <Type extends 'string' | 'boolean'>(names: object, type: Type) =>
  Object.fromEntries(Object.keys(names).map((name) => [name, { type }]))

const read = ({ options = {}, flags = {} }: Own) =>
  parseArgs({
    allowPositionals: true,
    options: {
      ...optionsOfType(options, 'string'),
      ...optionsOfType(flags, 'boolean'),
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })

async function main(): Promise<number> {
  // Options come before the name, too, so it is found among those of all commands.
  const all = (part: keyof Own) =>
    Object.assign({}, ...Object.values(commands).map((command) => command[part]))
  const [name = 'serve'] = read({ options: all('options'), flags: all('flags') }).positionals
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) throw new UsageError(`there is no command ${name}\n\n${help()}`)
  const { values, positionals } = read(command)
  const { json, help: wantsHelp, ...own } = values
  const given = (part: object = {}) => Object.entries(own).filter(([name]) => Object.hasOwn(part, name))
  if (wantsHelp) {
    process.stdout.write(positionals.length === 0 ? help() : helpOf(command))
    return 0
  }
  const say = (text: string, facts: unknown) =>
    void process.stdout.write(`${json ? JSON.stringify(facts) : text}\n`)
  const { environment, mistakes } = await completeEnvironment(process.env)
  return command.run({
    config: parseConfig(environment, mistakes),
    words: positionals.slice(1),
    options: Object.fromEntries(given(command.options)) as Record<string, string>,
    flags: new Set(given(command.flags).map(([name]) => name)),
    say,
  })
}

const isMisused = (error: unknown) =>
  error instanceof UsageError ||
  ((error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS') ?? false)

function explain(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (error instanceof ConfigError || error instanceof SeqnAuthError || isMisused(error)) return message
  if (code === 'EADDRINUSE') return `The port is in use already: ${message}`
  if (code === 'service_unavailable') return `The database does not serve: ${reason((error as Error).cause)}`
  if (error instanceof AppError) return message
  return error instanceof Error ? (error.stack ?? message) : String(error)
}

/** Several failed addresses of one host come as an error without a message of its own. */
const reason = (cause: unknown) =>
  (cause as Error | undefined)?.message || ((cause as NodeJS.ErrnoException | undefined)?.code ?? 'unknown')

main().then(
  (code) => {
    process.exitCode = code
  },
  (error) => {
    process.stderr.write(`silver-auth: ${explain(error)}\n`)
    process.exitCode = isMisused(error) ? 2 : 1
  },
)
