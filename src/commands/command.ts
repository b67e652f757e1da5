import type { Config } from '../config.ts'

/** What a command gets: settings, the words after its name, and where to speak. */
export type Invocation = {
  config: Config
  words: string[]
  /** The command's own options that were given. */
  options: Record<string, string | undefined>
  /** Those of the command's flags that were given. */
  flags: Set<string>
  /** Says a result: `text` to people, `facts` under `--json`. */
  say: (text: string, facts: unknown) => void
}

export type Command = {
  /** One line for the list of commands. */
  summary: string
  /** The words after the name, for `--help`. */
  usage: string
  /** Options beside --json and --help, each with a value: how `--help` shows that, and what it says. */
  options?: Record<string, [value: string, meaning: string]>
  /** Options without a value, and what `--help` says of each. */
  flags?: Record<string, string>
  /** Resolves with the exit code; throws `UsageError` when the words are off. */
  run: (invocation: Invocation) => Promise<number>
}

export class UsageError extends Error {
  override readonly name = 'UsageError'
}
