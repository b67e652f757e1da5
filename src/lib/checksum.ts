import { crc32 } from 'node:zlib'

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz'
const length = 6

/** Six characters that tell a mistyped or invented key from a real one without asking the database (CRC-32 in base 36, clipped). */
export function checksum(text: string): string {
  let rest = crc32(text)
  let sum = ''
  for (let i = 0; i < length; i++, rest = Math.floor(rest / 36)) sum = alphabet[rest % 36] + sum
  return sum
}

/** Whether the last six characters are the checksum of what stands before them. */
export function hasValidChecksum(text: string): boolean {
  return text.length > length && checksum(text.slice(0, -length)) === text.slice(-length)
}
