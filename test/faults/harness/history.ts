import { createWriteStream, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { finished } from 'node:stream/promises'

/** What is true at a place such as `projects/app_1/name`; null where something is gone, was revoked or has ended. */
export type Facts = Record<string, string | true | null>

/** One request as its caller saw it. Times are milliseconds of one clock. */
export type Entry = {
  number: number
  operation: string
  begin: number
  end: number
  /** 0: no answer came. */
  status: number
  retryAfter?: string | undefined
  requestId?: string | undefined
  error?: string | undefined
  idempotencyKey?: string | undefined
  /** The answer was the one kept for an earlier request with this key. */
  isReplay?: true | undefined
  /** What a success makes true; of a request whose outcome is unknown, what it may have made true. */
  made?: Facts | undefined
  /** What the answer says is true. */
  saw?: Facts | undefined
}

/** Neither done for certain nor refused for certain: no answer, or one that came from a lost COMMIT. */
export const isUnknown = ({ status }: Entry) => status === 0 || status === 503

export const isDone = ({ status }: Entry) => status >= 200 && status < 300

/** Writes each entry as one line of JSON, so that a run can be judged after whatever ended it. */
export function openHistory(file: string) {
  const stream = createWriteStream(file)
  const entries: Entry[] = []
  return {
    file,
    entries,
    add(entry: Entry) {
      entries.push(entry)
      stream.write(`${JSON.stringify(entry)}\n`)
    },
    async close() {
      stream.end()
      await finished(stream)
    },
  }
}

export type History = ReturnType<typeof openHistory>

/** Writes what else there is to know of a run, line by line. */
export const keep = (file: string, items: unknown[]) =>
  writeFile(file, items.map((item) => `${JSON.stringify(item)}\n`).join(''))

export const readHistory = (file: string): Entry[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
