import { isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'
import { LRUCache } from 'lru-cache'

const longestAddress = 64
const known = new LRUCache<string, string>({ max: 10_000 })

/** The one spelling of an IP address, an IPv4 address inside IPv6 as itself; undefined for a text that is none. */
export function canonicalAddress(text: string): string | undefined {
  if (isIPv4(text)) return text
  const seen = known.get(text)
  if (seen !== undefined || !ipaddr.isValid(text)) return seen
  const address = ipaddr.process(text).toString()
  // A copy: a part of a header would keep the whole header in memory.
  if (text.length <= longestAddress) known.set(Buffer.from(text).toString(), address)
  return address
}
