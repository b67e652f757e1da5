import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Addresses of either family, or what a name server says instead; `silence` is no answer at all. */
type Told = string[] | 'NXDOMAIN' | 'SERVFAIL' | 'silence'

/** A name server on UDP. `tell` is asked once per query, with how often the name was asked for in that family before. */
export async function startNameServer(tell: (name: string, before: number) => Told) {
  const asked = new Map<string, number>()
  const queries: string[] = []
  const socket = createSocket('udp4')
  socket.on('message', (query, from) => {
    const { name, type, end } = readQuestion(query)
    const key = `${name} ${type}`
    const before = asked.get(key) ?? 0
    asked.set(key, before + 1)
    queries.push(key)
    const told = tell(name, before)
    if (told !== 'silence') socket.send(answer(query.subarray(0, end), told, type), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    address: `127.0.0.1:${socket.address().port}`,
    queries,
    close: () => new Promise<void>((done) => socket.close(() => done())),
  }
}

function readQuestion(query: Buffer) {
  const labels: string[] = []
  let at = 12
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return {
    name: labels.join('.').toLowerCase(),
    type: query.readUInt16BE(at + 1) === 28 ? 'AAAA' : 'A',
    end: at + 5,
  }
}

function answer(question: Buffer, told: Exclude<Told, 'silence'>, type: string): Buffer {
  const code = { NXDOMAIN: 3, SERVFAIL: 2 }[String(told)] ?? 0
  const addresses = Array.isArray(told)
    ? told
        .filter((address) => isIPv4(address) === (type === 'A'))
        .map((text) => ipaddr.parse(text).toByteArray())
    : []
  const head = Buffer.from(question)
  head.writeUInt16BE(0x8180 | code, 2)
  head.writeUInt16BE(addresses.length, 6)
  head.writeUInt32BE(0, 8)
  const records = addresses.map((bytes) =>
    // The name by reference, type, class IN, an hour to live, the address.
    Buffer.from([0xc0, 12, 0, type === 'A' ? 1 : 28, 0, 1, 0, 0, 14, 16, 0, bytes.length, ...bytes]),
  )
  return Buffer.concat([head, ...records])
}
