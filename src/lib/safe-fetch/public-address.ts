import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

const globalUnicast = ipaddr.IPv6.parse('2000::')
// Azure's platform answers here, inside each machine: https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
const unlistedPlatformAddresses = new Set(['168.63.129.16'])

/**
 * Whether an IP address, as a socket or a name server spells it, belongs to the public internet. Whatever carries an
 * IPv4 address inside IPv6 does not, also where the inner address is public: nobody serves webhooks there.
 */
export function isPublicAddress(text: string): boolean {
  if (isIP(text) === 0 || text.includes('%')) return false
  const address = ipaddr.parse(text)
  if (address.range() !== 'unicast') return false
  if (address instanceof ipaddr.IPv6) {
    // Elsewhere lie ::127.0.0.1, NAT64 and what nobody has assigned yet, and `range` calls some of that unicast.
    return address.match(globalUnicast, 3) && !isIsatap(address.parts)
  }
  return !unlistedPlatformAddresses.has(address.toString())
}

function isIsatap(parts: number[]): boolean {
  return (parts[4] === 0 || parts[4] === 0x200) && parts[5] === 0x5efe
}
