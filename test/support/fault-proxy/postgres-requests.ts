/** What one connection asks in one go: a simple query, or everything up to a Sync. Of other protocols, one chunk. */
export type Piece = { bytes: Buffer; text: string | undefined }

/** Cuts what a client sends into pieces that a fault can be aimed at; `text` is the statement, undefined for everything else. */
export type Splitter = (chunk: Buffer) => Piece[]

export const splitRaw: Splitter = (chunk) => [{ bytes: chunk, text: chunk.toString('latin1') }]

const startupHeader = 4
const header = 5
const startupCodes = new Set([80_877_103, 80_877_104])

/** For the frontend half of the PostgreSQL protocol, version 3, without TLS. */
export function postgresSplitter(): Splitter {
  const named = new Map<string, string>()
  let rest: Buffer = Buffer.alloc(0)
  let isStarted = false
  let group: Buffer[] = []
  let text: string | undefined

  function take(message: Buffer): Piece[] {
    const type = String.fromCharCode(message[0] ?? 0)
    const [first = '', second = ''] = message.toString('utf8', header).split('\0')
    if (type === 'P') {
      named.set(first, second)
      text ??= second
    }
    if (type === 'B') text ??= named.get(second)
    if (type === 'Q') text = first
    if ('PBDECFHSQ'.includes(type)) {
      group.push(message)
      if (!'SHQ'.includes(type)) return []
      const piece = { bytes: Buffer.concat(group), text }
      group = []
      text = undefined
      return [piece]
    }
    return [{ bytes: message, text: undefined }]
  }

  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    const pieces: Piece[] = []
    for (;;) {
      const lengthAt = isStarted ? 1 : 0
      if (rest.length < (isStarted ? header : startupHeader)) return pieces
      const length = lengthAt + rest.readInt32BE(lengthAt)
      if (rest.length < length) return pieces
      const message = rest.subarray(0, length)
      rest = rest.subarray(length)
      if (isStarted) pieces.push(...take(message))
      else {
        pieces.push({ bytes: message, text: undefined })
        isStarted = !startupCodes.has(message.readInt32BE(4))
      }
    }
  }
}

/** A message that makes the server itself fail with this SQLSTATE, so that its transaction is in the state it would be in. */
export function failingQuery(sqlState: string): Buffer {
  const statement = `do $$ begin raise exception 'made up by the fault proxy' using errcode = '${sqlState}'; end $$`
  const body = Buffer.from(`${statement}\0`)
  const message = Buffer.alloc(header)
  message.write('Q')
  message.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([message, body])
}
