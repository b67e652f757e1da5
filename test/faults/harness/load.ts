import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { type Answer, call } from '../../support/http.ts'
import { type Entry, type History, isDone, isUnknown } from './history.ts'
import { type Operation, operations, type Pick, type Plan } from './operations.ts'
import type { Random } from './random.ts'
import type { Workspace } from './workspaces.ts'

type Options = {
  /** Where the service of this workspace listens. */
  port: (workspace: Workspace) => number
  workspaces: Workspace[]
  history: History
  random: Random
  perSecond: number
  /** Nothing is read. */
  changesOnly?: boolean | undefined
}

const repeatAfterMs = 250
const tickMs = 20
// A service that died gives no definite outcome any more.
const longestEndMs = 20_000

/**
 * Sends so many requests per second, whether or not earlier ones are answered, until it is ended; then what has no
 * definite outcome is still repeated until it has one.
 */
export function startLoad({ port, workspaces, history, random, perSecond, changesOnly }: Options) {
  const stopping = new AbortController()
  const running = new Set<Promise<void>>()
  let started = 0
  let sent = 0
  let givesUpAtMs = Number.POSITIVE_INFINITY

  const pick: Pick = (from) => from[Math.floor(random() * from.length)]
  const choices = Object.entries(operations)
    .filter(([, { actions }]) => actions || !changesOnly)
    .flatMap(([name, operation]) =>
      Array.from({ length: operation.weight }, () => [name, operation] as const),
    )
  const reads = choices.filter(([, { actions }]) => !actions)

  /** A change where a workspace is free for it, else a read. */
  function begin(): Promise<void> | undefined {
    for (const from of [choices, choices, reads, reads]) {
      const [name, operation] = pick(from) ?? []
      const free = operation?.actions ? workspaces.filter(({ isBusy }) => !isBusy) : workspaces
      const workspace = pick(free)
      const plan = workspace && operation?.plan(workspace, pick)
      if (name && operation && plan) return carryOut(name, operation, workspace, plan)
    }
    return undefined
  }

  async function carryOut(name: string, operation: Operation, workspace: Workspace, plan: Plan) {
    const idempotencyKey = plan.isRepeated ? randomUUID() : undefined
    if (operation.actions) workspace.isBusy = true
    for (;;) {
      const { entry, answer } = await send(name, workspace, plan, idempotencyKey)
      history.add(entry)
      if (isUnknown(entry) && idempotencyKey && performance.now() < givesUpAtMs) {
        await wait(repeatAfterMs)
        continue
      }
      if (answer && isDone(entry)) plan.afterwards?.(answer)
      else if (isUnknown(entry)) plan.inDoubt?.()
      break
    }
    if (operation.actions) workspace.isBusy = false
  }

  async function send(
    operation: string,
    workspace: Workspace,
    plan: Plan,
    idempotencyKey: string | undefined,
  ) {
    const number = ++sent
    const begin = performance.now()
    const headers = { ...plan.call.headers, 'idempotency-key': idempotencyKey }
    const result = await call(port(workspace), { ...plan.call, headers }).catch((error: Error) => error)
    const end = performance.now()
    const answer = result instanceof Error ? undefined : result
    const entry: Entry = {
      number,
      operation,
      begin,
      end,
      status: answer?.status ?? 0,
      idempotencyKey,
      ...(answer ? said(answer) : { error: String(result) }),
    }
    const isDefinite = !isUnknown(entry) && entry.status < 500
    if (answer && isDefinite) entry.saw = plan.saw?.(answer)
    if (isDone(entry) || isUnknown(entry)) {
      entry.made = { ...plan.intends, ...(answer && isDone(entry) ? plan.made?.(answer) : {}) }
    }
    return { entry, answer }
  }

  const beginning = (async () => {
    const begun = performance.now()
    while (!stopping.signal.aborted) {
      const due = ((performance.now() - begun) / 1_000) * perSecond
      for (; started < due; started++) {
        const request = begin()
        if (!request) continue
        running.add(request)
        void request.finally(() => running.delete(request))
      }
      await wait(tickMs)
    }
  })()

  return {
    async end() {
      stopping.abort()
      givesUpAtMs = performance.now() + longestEndMs
      await beginning
      await Promise.all(running)
    },
  }
}

function said({ headers, body, status, text }: Answer): Partial<Entry> {
  return {
    requestId: String(headers['x-request-id'] ?? body?.error?.requestId ?? ''),
    retryAfter: headers['retry-after'],
    ...(headers['idempotent-replayed'] ? { isReplay: true as const } : {}),
    ...(status >= 400 ? { error: text.slice(0, 300) } : {}),
  }
}
