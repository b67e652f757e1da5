import { withoutDeadline } from './deadline.ts'

/** How entries of one kind are written together: at the latest `everyMs` after the first, at most `most` of them kept. */
export type BatchWriter<Context, Value> = {
  everyMs: number
  most: number
  write: (context: Context, entries: Map<string, Value>) => Promise<void>
}

export type Batches<Context> = {
  /** Keeps the latest value per key until it is written; beyond the writer's bound new keys are dropped. */
  add<Value>(writer: BatchWriter<Context, Value>, key: string, value: Value): void
  /** Writes everything that waits; for a graceful stop and for tests. */
  flush(): Promise<void>
}

/** Small facts that may be lost in a crash (last-used times and the like), gathered in memory and written together. */
export function batches<Context>(
  context: () => Context,
  onError: (error: unknown) => void,
): Batches<Context> {
  type Waiting = { entries: Map<string, unknown>; write: () => Promise<void> }
  const waiting = new Map<unknown, Waiting>()

  function begin<Value>(writer: BatchWriter<Context, Value>): Waiting {
    const entries = new Map<string, Value>()
    const write = async () => {
      if (!waiting.delete(writer)) return
      clearTimeout(timer)
      await writer.write(context(), entries).catch(onError)
    }
    const timer = withoutDeadline(() => setTimeout(() => void write(), writer.everyMs).unref())
    const begun = { entries: entries as Map<string, unknown>, write }
    waiting.set(writer, begun)
    return begun
  }

  return {
    add(writer, key, value) {
      const { entries } = waiting.get(writer) ?? begin(writer)
      if (entries.has(key) || entries.size < writer.most) entries.set(key, value)
    },
    async flush() {
      await Promise.all([...waiting.values()].map(({ write }) => write()))
    },
  }
}
