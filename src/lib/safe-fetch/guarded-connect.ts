import { isIP, type LookupFunction, type Socket } from 'node:net'
import { buildConnector } from 'undici'
import { canonicalAddress } from '../canonical-address.ts'

/** How far a connection got, and the socket that has to be destroyed in the end. */
export type Connection = { socket?: Socket; phase: 'connecting' | 'securing' | 'exchanging' | 'refused' }

/**
 * Connects to addresses that were judged and to no other, whatever the name leads to by now. TLS still asks for the
 * name and checks the certificate for it. The connection ends when it brings more than `mostBytes`, of whatever kind,
 * and `connection` is told how far it got.
 */
export function guardedConnect(
  addresses: string[],
  mostBytes: number,
  connection: Connection,
): buildConnector.connector {
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
    const socket = connect(options, (error, made) => {
      if (connection.phase === 'refused') return connected(notJudged(), null)
      if (error) return connected(error, null)
      connection.phase = 'exchanging'
      limitReading(socket, mostBytes)
      connected(null, made)
    }) as unknown as Socket
    connection.socket = socket
    // Ahead of all others, so that not even a TLS greeting goes to an address that nobody judged.
    socket.prependOnceListener('connect', () => {
      const reached = canonicalAddress(socket.remoteAddress ?? '')
      connection.phase = judged.has(reached) ? 'securing' : 'refused'
      if (connection.phase === 'refused') socket.destroy(notJudged())
    })
    return socket
  }
}

function notJudged(): Error {
  return Object.assign(new Error('the socket reached an address that was not judged'), { code: 'EACCES' })
}

/** Early hints, trailers and what chunks carry beside their bytes reach no reader of a body, and can be endless too. */
function limitReading(socket: Socket, mostBytes: number): void {
  socket.on('readable', () => {
    if (socket.bytesRead <= mostBytes) return
    socket.destroy(Object.assign(new Error(`more than ${mostBytes} bytes came`), { code: 'EMSGSIZE' }))
  })
}
