import { expect, it } from 'vitest'
import { refuseAddress } from '../../../src/lib/safe-fetch/judge-address.ts'
import { isPublicAddress } from '../../../src/lib/safe-fetch/public-address.ts'

const rules = { allowInsecure: false, allowPrivateAddresses: false }

it.each([
  '1.1.1.1',
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.0',
  '168.63.129.15',
  '168.63.129.17',
  '169.253.255.255',
  '169.255.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.167.255.255',
  '192.169.0.0',
  '198.17.255.255',
  '198.20.0.0',
  '223.255.255.255',
  '2001:4860:4860::8888',
  '2606:4700:4700::1111',
  '2a00:1450::1',
  '2003::1',
])('%s is public, and so may be saved', async (address) => {
  expect(isPublicAddress(address)).toBe(true)
  expect(await refuseAddress(`https://${address.includes(':') ? `[${address}]` : address}/`, rules)).toBe(
    undefined,
  )
})

it.each(['', 'example.com', '127.1', '0x7f000001', '1.1.1.1 ', '2a00::1%eth0', '[2a00::1]', '1.1.1.1/8'])(
  '"%s" is no spelling that a socket or a name server uses',
  (text) => {
    expect(isPublicAddress(text)).toBe(false)
  },
)

/** Networks of the registries of special addresses (RFC 6890 and its updates), written down a second time. */
const special: [number, number, number][] = [
  [0, 0, 8],
  [10, 0, 8],
  [100, 64, 10],
  [127, 0, 8],
  [169, 254, 16],
  [172, 16, 12],
  [192, 168, 16],
  [198, 18, 15],
  [224, 0, 3],
]
// Here /24s lie among public addresses; their borders are tested above and in the spellings.
const mixed = new Set(['192.0', '192.31', '192.52', '192.88', '192.175', '198.51', '203.0', '168.63'])

it('calls every other IPv4 network public, and these private', () => {
  const wrong: string[] = []
  for (let a = 0; a < 256; a++) {
    for (let b = 0; b < 256; b++) {
      if (mixed.has(`${a}.${b}`)) continue
      const hidden = special.some(([x, y, bits]) => {
        const mask = (0xffff << (16 - bits)) & 0xffff
        return (((a << 8) | b) & mask) === (((x << 8) | y) & mask)
      })
      const address = `${a}.${b}.${(a * 7) % 256}.${(b * 13) % 256}`
      if (isPublicAddress(address) === hidden) wrong.push(address)
    }
  }
  expect(wrong).toEqual([])
})
