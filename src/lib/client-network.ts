import ipaddr from 'ipaddr.js'
import { LRUCache } from 'lru-cache'

const networks = new LRUCache<string, string>({ max: 10_000, memoMethod: networkOf })

/** What counts as one client: an IPv4 address, or the /64 of an IPv6 address. */
export function clientNetwork(address: string): string {
  return address.includes(':') ? networks.memo(address) : address
}

function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address
  const parsed = ipaddr.parse(address)
  if (!(parsed instanceof ipaddr.IPv6)) return address
  return `${parsed.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`
}
