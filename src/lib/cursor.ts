import { timingSafeEqual } from 'node:crypto'
import { hmacSha256 } from './secrets.ts'

const macLength = 16

/** Makes and reads page cursors; `scope` names list, tenant and filters, so that a cursor fits nowhere else. */
export function cursors(key: Uint8Array) {
  const macOf = (scope: string, position: string) =>
    hmacSha256(key, `${scope}\n${position}`).subarray(0, macLength)
  return {
    make(scope: string, position: string): string {
      return Buffer.concat([macOf(scope, position), Buffer.from(position)]).toString('base64url')
    },
    /** The position that `make` was given for the same scope; undefined for anything else. */
    read(scope: string, cursor: string): string | undefined {
      const bytes = Buffer.from(cursor, 'base64url')
      if (bytes.length <= macLength || bytes.toString('base64url') !== cursor) return undefined
      const position = bytes.subarray(macLength).toString('utf8')
      return timingSafeEqual(bytes.subarray(0, macLength), macOf(scope, position)) ? position : undefined
    },
  }
}

export type Cursors = ReturnType<typeof cursors>
