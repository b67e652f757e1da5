#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { admin } from './commands/admin.ts'
import { audit } from './commands/audit.ts'
import { type Command, UsageError } from './commands/command.ts'
import { keys } from './commands/keys.ts'
import { migrate } from './commands/migrate.ts'
import { serve } from './commands/serve.ts'
import { smoke } from './commands/smoke.ts'
import { ConfigError, parseConfig } from './config.ts'
import { completeEnvironment } from './environment.ts'

const commands: Record<string, Command> = { serve, migrate, admin, audit, keys, smoke }

const help = () =>
  `silver-auth <command> [--json] [--help]\n\n${Object.values(commands)
    .map(({ usage, summary }) => `  ${usage.padEnd(30)}${summary}`)
    .join('\n')}\n`

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const [name = 'serve', ...words] = positionals
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) throw new UsageError(`there is no command ${name}\n\n${help()}`)
  if (values.help) {
    process.stdout.write(
      positionals.length === 0 ? help() : `silver-auth ${command.usage}\n  ${command.summary}\n`,
    )
    return 0
  }
  const say = (text: string, facts: unknown) =>
    void process.stdout.write(`${values.json ? JSON.stringify(facts) : text}\n`)
  const { environment, mistakes } = await completeEnvironment(process.env)
  return command.run({ config: parseConfig(environment, mistakes), words, say })
}

const isMisused = (error: unknown) =>
  error instanceof UsageError ||
  ((error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS') ?? false)

function explain(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (error instanceof ConfigError || isMisused(error)) return message
  if (code === 'EADDRINUSE') return `The port is in use already: ${message}`
  if (code === 'service_unavailable') return `The database does not serve: ${reason((error as Error).cause)}`
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
