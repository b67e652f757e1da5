import { canonicalAddress } from '../canonical-address.ts'
import type { Connection } from './exchange.ts'

/** Whose connection it is, and which URL its requests go to: nobody else ever gets it, for the same URL neither. */
export type Purpose = { owner: string; url: string }

export type KeptConnections = {
  /** One that reached an address judged by now. Closes all others of this owner that lead elsewhere. */
  take(purpose: Purpose, judged: string[]): Connection | undefined
  give(purpose: Purpose, connection: Connection): void
  /** Closes what is kept, and whatever is given from now on. */
  close(): void
}

type Kept = Purpose & { connection: Connection; forget: () => void }

type Bounds = { most: number; longestLifeMs: number }

/**
 * Connections between two requests. Each closes itself after seconds without one; beyond `most` the one closes that waited
 * longest, and one that is old, so that certificates are looked at again, is kept no more.
 */
export function keepConnections(
  { most, longestLifeMs }: Bounds = { most: 512, longestLifeMs: 60_000 },
): KeptConnections {
  // The one that waited longest comes first.
  const waiting = new Set<Kept>()
  let isClosed = false

  function remove(kept: Kept): void {
    waiting.delete(kept)
    kept.connection.socket?.off('close', kept.forget)
  }
  function drop(kept: Kept): void {
    remove(kept)
    kept.connection.close()
  }

  return {
    take({ owner, url }, judged) {
      const addresses = new Set(judged.map(canonicalAddress))
      let newest: Kept | undefined
      for (const kept of waiting) {
        if (kept.owner !== owner) continue
        if (kept.url === url && addresses.has(kept.connection.address)) newest = kept
        else drop(kept)
      }
      if (newest) remove(newest)
      return newest?.connection
    },
    give(purpose, connection) {
      const isOld = performance.now() - connection.openedAtMs >= longestLifeMs
      if (isClosed || isOld || connection.socket?.destroyed !== false) return connection.close()
      const kept = { ...purpose, connection, forget: () => waiting.delete(kept) }
      connection.socket.once('close', kept.forget)
      waiting.add(kept)
      const [oldest] = waiting
      if (waiting.size > most && oldest) drop(oldest)
    },
    close() {
      isClosed = true
      for (const kept of waiting) drop(kept)
    },
  }
}
