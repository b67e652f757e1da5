import { isIP, type LookupFunction, type Socket } from 'node:net'
import { buildConnector } from 'undici'
import { canonicalAddress } from '../canonical-address.ts'

/** How far a connection got, the socket that has to be destroyed in the end, and the address that it reached. */
export type Connected = {
  socket?: Socket
  address?: string | undefined
  phase: 'connecting' | 'securing' | 'exchanging' | 'refused'
  /** It ends when more than so many bytes came in all, of whatever kind. */
  mostBytes: number
}

/**
 * Connects once, to addresses that were judged and to no other, whatever the name leads to by now. TLS still asks for
 * the name and checks the certificate for it. `connected` is told how far it got.
 */
export function guardedConnect(addresses: string[], connection: Connected): buildConnector.connector {
  const judged = new Set(addresses.map(canonicalAddress))
  const found = addresses.map((address) => ({ address, family: isIP(address) }))
  const lookup: LookupFunction = (_name, { all }, answer) => {
    const [first] = found
    if (all || !first) answer(null, found)
    else answer(null, first.address, first.family)
  }
  const connect = buildConnector({
    lookup,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: 1_000,
    allowH2: false,
    timeout: 0,
  })
  return (options, connected) => {
    // undici would connect anew by itself, to what was judged for an earlier request.
    if (connection.socket) return connected(closedMeanwhile(), null)
    const socket = connect(options, (error, made) => {
      if (connection.phase === 'refused') return connected(notJudged(), null)
      if (error) return connected(error, null)
      connection.phase = 'exchanging'
      limitReading(socket, connection)
      connected(null, made)
    }) as unknown as Socket
    connection.socket = socket
    // Ahead of all others, so that not even a TLS greeting goes to an address that nobody judged.
    socket.prependOnceListener('connect', () => {
      connection.address = canonicalAddress(socket.remoteAddress ?? '')
      connection.phase = judged.has(connection.address) ? 'securing' : 'refused'
      if (connection.phase === 'refused') socket.destroy(notJudged())
    })
    return socket
  }
}

function notJudged(): Error {
  return Object.assign(new Error('the socket reached an address that was not judged'), { code: 'EACCES' })
}

function closedMeanwhile(): Error {
  return Object.assign(new Error('the connection was closed before the request'), { code: 'ECONNRESET' })
}

/** Early hints, trailers and what chunks carry beside their bytes reach no reader of a body, and can be endless too. */
function limitReading(socket: Socket, connection: Connected): void {
  socket.on('readable', () => {
    const { mostBytes } = connection
    if (socket.bytesRead <= mostBytes) return
    socket.destroy(Object.assign(new Error(`more than ${mostBytes} bytes came`), { code: 'EMSGSIZE' }))
  })
}
