import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

type Authority = { name: string; key: KeyObject; certificate: string }
type Wanted = { names: string[]; from?: Date; until?: Date; by?: Authority; authority?: boolean }

const day = 86_400_000

/** An X.509 certificate with its key, signed by `by` or by itself; valid from yesterday to tomorrow unless told. */
export function issueCertificate(wanted: Wanted): Authority & { keyText: string } {
  const { names, by, authority = false } = wanted
  const from = wanted.from ?? new Date(Date.now() - day)
  const until = wanted.until ?? new Date(Date.now() + day)
  const [name = ''] = names
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const key = createPrivateKey(privateKey)
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    commonName(by?.name ?? name),
    sequence(time(from), time(until)),
    commonName(name),
    publicKey,
    tagged(0xa3, sequence(alternativeNames(names), basicConstraints(authority))),
  )
  const signature = sign('sha256', body, by?.key ?? key)
  const der = sequence(body, ecdsaWithSha256, tagged(0x03, Buffer.from([0]), signature))
  const lines = der.toString('base64').replace(/.{64}/g, '$&\n')
  const certificate = `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
  return { name, key, certificate, keyText: privateKey }
}

function tagged(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const [high, low] = [content.length >> 8, content.length & 0xff]
  // The shortest form, or OpenSSL calls it no certificate.
  const length = content.length < 128 ? [low] : high === 0 ? [0x81, low] : [0x82, high, low]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}

const sequence = (...parts: Buffer[]) => tagged(0x30, ...parts)
const integer = (bytes: Buffer) => tagged(0x02, bytes)
const identifier = (hex: string) => tagged(0x06, Buffer.from(hex, 'hex'))
const ecdsaWithSha256 = sequence(identifier('2a8648ce3d040302'))

function commonName(name: string): Buffer {
  return sequence(tagged(0x31, sequence(identifier('550403'), tagged(0x0c, Buffer.from(name)))))
}

function time(date: Date): Buffer {
  return tagged(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]|\.\d+/g, '')}`))
}

function alternativeNames(names: string[]): Buffer {
  const list = sequence(...names.map((name) => tagged(0x82, Buffer.from(name))))
  return sequence(identifier('551d11'), tagged(0x04, list))
}

function basicConstraints(authority: boolean): Buffer {
  const yes = tagged(0x01, Buffer.from([0xff]))
  return sequence(identifier('551d13'), yes, tagged(0x04, authority ? sequence(yes) : sequence()))
}
