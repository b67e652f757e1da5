import { expect, it } from 'vitest'
import { clientNetwork } from '../../src/lib/client-network.ts'

it.each([
  ['203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['not an address', 'not an address'],
  ['', ''],
])('%s counts as %s', (address, network) => {
  expect(clientNetwork(address)).toBe(network)
})

it('counts a whole /64 as one client, and the next /64 as another', () => {
  const last = (n: number) => n.toString(16)
  const one = new Set(
    Array.from({ length: 1_000 }, (_, i) => clientNetwork(`2001:db8:0:1:${last(i)}:${last(i * 7)}::1`)),
  )
  expect(one.size).toBe(1)
  const many = new Set(Array.from({ length: 1_000 }, (_, i) => clientNetwork(`2001:db8:0:${last(i)}::1`)))
  expect(many.size).toBe(1_000)
})
