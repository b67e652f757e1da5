import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { failingQuery, type Splitter } from './postgres-requests.ts'

/** What becomes of a request: the `lose` and `tear` kinds let the server do it and lose the answer, or only its last byte. */
export type Verdict = 'pass' | 'cut' | 'reset' | 'lose answer' | 'tear answer' | { sqlState: string }

export type Direction = 'to server' | 'to client'

/** The state of the network, read anew for every piece. */
export type Weather = { delayMs: number; bytesPerSecond: number }

export type Link = {
  /** Every statement this connection has sent so far. */
  texts: string[]
  /** Directions in which bytes are swallowed. */
  silent: Set<Direction>
  /** Loses the connection on both sides, with FIN or with RST. */
  end(how?: 'cut' | 'reset'): void
}

type Options = {
  client: Socket
  target: { port: number; host: string } | undefined
  split: Splitter
  weather: Weather
  judge: (link: Link, text: string) => Verdict | Promise<Verdict>
  onEnd: (link: Link) => void
}

/** One client's connection to the server behind the proxy; without a target it leads nowhere. */
export function makeLink({ client, target, split, weather, judge, onEnd }: Options): Link {
  const upstream = target && connect(target)
  const sockets = upstream ? [client, upstream] : [client]
  let fateOfAnswer: 'lose answer' | 'tear answer' | undefined

  const link: Link = {
    texts: [],
    silent: new Set(upstream ? [] : (['to server', 'to client'] as const)),
    end(how = 'cut') {
      onEnd(link)
      for (const socket of sockets) how === 'cut' ? socket.destroy() : socket.resetAndDestroy()
    },
  }

  async function travel(bytes: Buffer, sentAt: number): Promise<void> {
    const { delayMs, bytesPerSecond } = weather
    const early = sentAt + delayMs - performance.now()
    if (early > 0) await wait(early)
    if (Number.isFinite(bytesPerSecond)) await wait((bytes.length / bytesPerSecond) * 1_000)
  }

  async function toServer(chunk: Buffer, sentAt: number): Promise<void> {
    if (link.silent.has('to server')) return
    for (const { bytes, text } of split(chunk)) {
      const verdict = text === undefined ? 'pass' : await verdictOn(text)
      if (verdict === 'cut' || verdict === 'reset') return link.end(verdict)
      if (verdict === 'lose answer' || verdict === 'tear answer') fateOfAnswer = verdict
      await travel(bytes, sentAt)
      if (link.silent.has('to server')) return
      upstream?.write(typeof verdict === 'object' ? failingQuery(verdict.sqlState) : bytes)
    }
  }

  async function verdictOn(text: string): Promise<Verdict> {
    link.texts.push(text)
    return judge(link, text)
  }

  async function toClient(chunk: Buffer, sentAt: number): Promise<void> {
    if (fateOfAnswer === 'lose answer') return link.end('reset')
    if (fateOfAnswer === 'tear answer') return void client.end(chunk.subarray(0, -1))
    await travel(chunk, sentAt)
    if (!link.silent.has('to client')) client.write(chunk)
  }

  /** In order, whatever each piece waits for; what a side still said before it left arrives before the news that it left. */
  function pump(from: Socket, to: Socket | undefined, pass: typeof toServer, direction: Direction): void {
    let queue = Promise.resolve()
    const after = (work: () => unknown) => {
      queue = queue.then(async () => void (await work())).catch(() => link.end())
    }
    from.on('data', (chunk) => {
      const sentAt = performance.now()
      after(() => pass(chunk, sentAt))
    })
    const leave = () =>
      after(() => {
        if (link.silent.has(direction)) return
        to?.end()
        link.end()
      })
    from.on('error', leave).on('close', leave)
  }
  pump(client, upstream, toServer, 'to server')
  if (upstream) pump(upstream, client, toClient, 'to client')
  return link
}
