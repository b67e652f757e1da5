import { crc32 } from 'node:zlib'

const length = 6
const count = 36 ** length

/** Six characters that tell a mistyped or invented key from a real one without asking the database (CRC-32 in base 36, clipped). */
export function checksum(text: string): string {
  return (crc32(text) % count).toString(36).padStart(length, '0')
}

/** Whether the last six characters are the checksum of what stands before them. */
export function hasValidChecksum(text: string): boolean {
  return text.length > length && checksum(text.slice(0, -length)) === text.slice(-length)
}
