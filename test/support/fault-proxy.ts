import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A proxy before a server at `url`, which can go silent, cut its connections, or lose an answer. */
export async function startFaultProxy(url: string) {
  const target = new URL(url)
  const pairs = new Set<[Socket, Socket]>()
  let isSilent = false
  let lostAfter: string | undefined
  let isTorn = false

  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    const pair: [Socket, Socket] = [client, upstream]
    let losesAnswer = false
    pairs.add(pair)
    const end = () => {
      pairs.delete(pair)
      for (const socket of pair) socket.destroy()
    }
    for (const socket of pair) socket.on('error', end).on('close', end)
    client.on('data', (chunk) => {
      if (isSilent) return
      if (lostAfter !== undefined && chunk.includes(lostAfter)) {
        losesAnswer = true
        lostAfter = undefined
      }
      upstream.write(chunk)
    })
    upstream.on('data', (chunk) => {
      if (losesAnswer && isTorn) client.end(chunk.subarray(0, -1))
      else if (losesAnswer) end()
      else if (!isSilent) client.write(chunk)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const through = new URL(url)
  through.port = String((server.address() as AddressInfo).port)
  const cut = () => {
    for (const pair of pairs) for (const socket of pair) socket.destroy()
  }

  return {
    url: through.href,
    /** Connections are accepted and kept, and nothing passes any more: a black hole. */
    goSilent: () => {
      isSilent = true
    },
    /** Passes again; what was said into the silence is lost, and its connections with it. */
    heal: () => {
      isSilent = false
      cut()
    },
    cut,
    /** The next message that holds `text` reaches the server, but its answer comes back as a lost connection. */
    loseAnswerTo: (text: string) => {
      lostAfter = text
      isTorn = false
    },
    /** As `loseAnswerTo`, but the connection is lost just before the last byte of the answer. */
    tearAnswerTo: (text: string) => {
      lostAfter = text
      isTorn = true
    },
    async stop() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
