import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type Direction, type Link, makeLink, type Verdict, type Weather } from './fault-proxy/link.ts'
import { postgresSplitter, splitRaw } from './fault-proxy/postgres-requests.ts'

export type { Link, Verdict } from './fault-proxy/link.ts'

type Request = { text: string; link: Link }

/** A fault for one request: the first that `matches`, after `skip` others that do. */
export type Trap = {
  matches?: (request: Request) => boolean
  skip?: number
  /** What becomes of it; a function may keep it waiting. */
  verdict: Verdict | ((request: Request) => Verdict | Promise<Verdict>)
}

export type SetTrap = {
  /** The request that was caught; never settles when none comes. */
  caught: Promise<Request>
  isCaught: () => boolean
  /** How many matching requests came so far. */
  count: () => number
  remove: () => void
}

type Silence = { direction?: Direction | 'both'; only?: (link: Link) => boolean }

const clear: Weather = { delayMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY }

/**
 * A proxy before a TCP server at `url`, with the troubles a network and a server can make. Before PostgreSQL it knows
 * statements (unencrypted); before anything else a request is a chunk.
 */
export async function startFaultProxy(url: string) {
  let target = new URL(url)
  const isPostgres = /^postgres(ql)?:$/.test(target.protocol)
  const links = new Set<Link>()
  const traps = new Set<(request: Request) => Verdict | Promise<Verdict> | undefined>()
  const weather = { ...clear }
  let silence: Silence | undefined

  const server = createServer((client) => {
    const leadsNowhere = silence !== undefined && !silence.only
    links.add(
      makeLink({
        client,
        target: leadsNowhere ? undefined : { port: Number(target.port), host: target.hostname },
        split: isPostgres ? postgresSplitter() : splitRaw,
        weather,
        judge,
        onEnd: (link) => links.delete(link),
      }),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const through = new URL(url)
  through.port = String(port)

  function judge(link: Link, text: string): Verdict | Promise<Verdict> {
    if (silence?.only) hush(silence)
    for (const trap of traps) {
      const verdict = trap({ link, text })
      if (verdict !== undefined) return verdict
    }
    return 'pass'
  }

  function setTrap({ matches = () => true, skip = 0, verdict }: Trap): SetTrap {
    const { promise, resolve } = Promise.withResolvers<Request>()
    let count = 0
    let isCaught = false
    const trap = (request: Request) => {
      if (!matches(request)) return undefined
      count++
      if (count !== skip + 1) return undefined
      isCaught = true
      resolve(request)
      return typeof verdict === 'function' ? verdict(request) : verdict
    }
    traps.add(trap)
    return {
      caught: promise,
      isCaught: () => isCaught,
      count: () => count,
      remove: () => void traps.delete(trap),
    }
  }

  function hush({ direction = 'both', only = () => true }: Silence): void {
    const directions = direction === 'both' ? (['to server', 'to client'] as const) : [direction]
    for (const link of links) if (only(link)) for (const each of directions) link.silent.add(each)
  }

  const cut = (how: 'cut' | 'reset' = 'cut') => {
    for (const link of [...links]) link.end(how)
  }
  const oneShot = (text: string, verdict: Verdict) => {
    const matches = (request: Request) => request.text.toLowerCase().includes(text.toLowerCase())
    return setTrap({ matches, verdict })
  }

  return {
    url: through.href,
    links: links as ReadonlySet<Link>,
    setTrap,
    /** The next request that holds `text` reaches the server, but its answer comes back as a lost connection. */
    loseAnswerTo: (text: string) => oneShot(text, 'lose answer'),
    /** As `loseAnswerTo`, but the connection is lost just before the last byte of the answer. */
    tearAnswerTo: (text: string) => oneShot(text, 'tear answer'),
    /** The connection is reset when the next request that holds `text` has come, and the server never sees it. */
    resetBefore: (text: string) => oneShot(text, 'reset'),
    cut,
    /**
     * A black hole: connections are accepted and kept, and nothing passes any more, in one direction or both. With `only`,
     * just those connections for which it holds, now or when they send their next statement.
     */
    goSilent(options: Silence = {}) {
      silence = options
      hush(options)
    },
    /** Every byte takes longer, in both directions. */
    slowDown(worse: Partial<Weather>) {
      Object.assign(weather, worse)
    },
    /** Nothing listens any more, and what was connected is lost. */
    async refuse() {
      const closed = new Promise((resolve) => server.close(resolve))
      cut('reset')
      await closed
    },
    /** Leads to another server from now on; connections to the old one stay. */
    lead(to: string) {
      target = new URL(to)
    },
    /** The network is well again. What was said into a silence is lost, and its connections with it. */
    async heal() {
      for (const link of [...links]) if (link.silent.size > 0) link.end()
      silence = undefined
      Object.assign(weather, clear)
      traps.clear()
      if (server.listening) return
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    },
    async stop() {
      cut()
      if (!server.listening) return
      server.close()
      await once(server, 'close')
    },
  }
}

export type FaultProxy = Awaited<ReturnType<typeof startFaultProxy>>
