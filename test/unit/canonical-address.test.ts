import { expect, it } from 'vitest'
import { canonicalAddress } from '../../src/lib/canonical-address.ts'

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:c000:201', '192.0.2.1'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
  ['2001:0db8::0001', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1%eth0'],
  ['0300.0.2.1', '192.0.2.1'],
  ['0xc0.0.2.1', '192.0.2.1'],
  [`fe80::1%${'e'.repeat(100)}`, `fe80::1%${'e'.repeat(100)}`],
])('%s is %s, each time', (text, address) => {
  expect([canonicalAddress(text), canonicalAddress(text)]).toEqual([address, address])
})

it.each(['', 'garbage', '1.2.3.4:5', '999.1.1.1', '[::1]', ' 1.2.3.4', '1.2.3.4\n'])('%j is none', (text) => {
  expect(canonicalAddress(text)).toBeUndefined()
})
