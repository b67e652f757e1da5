import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'
import type { Actor } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import type { Db } from '../../db/database.ts'
import { withoutDeadline } from '../../lib/deadline.ts'
import { randomToken } from '../../lib/secrets.ts'
import { insertSigningKey, isSigningKeyDue, listSigningKeys, lockSigningKeys } from './signing-key-queries.ts'

export type SigningKey = {
  id: string
  publicJwk: JWK
  publicKey: CryptoKey
  /** Absent where no key of SEALING_KEY opens it, as on a replica that does not have the newest one yet. */
  privateKey: CryptoKey | undefined
  isRetired: boolean
}

const algorithm = 'EdDSA'
const rotationDays = 90
const knownForMs = 60_000
const askedAgainMs = 1_000

const known = new WeakMap<Context, { at: number; keys: Promise<SigningKey[]> }>()
const askedAgainAt = new WeakMap<Context, number>()

/** All keys that still verify, newest first, read once a minute; while they cannot be read, those that were known go on. */
export async function signingKeys(ctx: Context): Promise<SigningKey[]> {
  const cached = known.get(ctx)
  if (cached && performance.now() - cached.at < knownForMs) return cached.keys
  // Whoever comes meanwhile waits for the same read, which must not end with the time of the first.
  const keys = withoutDeadline(() => loadKeys(ctx, ctx.db)).catch((error) => {
    // A failed read must not be what the next minute sees, nor refuse what was just done.
    known.delete(ctx)
    if (!cached) throw error
    known.set(ctx, cached)
    return cached.keys
  })
  known.set(ctx, { at: performance.now(), keys })
  return keys
}

/** The key with this id; another replica may have made it just now, so an unknown one is looked for anew. */
export async function findSigningKey(ctx: Context, id: string | undefined): Promise<SigningKey | undefined> {
  const find = async () => (await signingKeys(ctx)).find((key) => key.id === id)
  const found = await find()
  if (found || !mayAskAgain(ctx)) return found
  growOld(ctx)
  return find()
}

/** The next look reads them anew, and goes on with them where it cannot. */
function growOld(ctx: Context): void {
  const cached = known.get(ctx)
  if (cached) known.set(ctx, { ...cached, at: Number.NEGATIVE_INFINITY })
}

/** Invented key ids must not drive anyone to the database: once a second is enough. */
function mayAskAgain(ctx: Context): boolean {
  const now = performance.now()
  if (now - (askedAgainAt.get(ctx) ?? -askedAgainMs) < askedAgainMs) return false
  askedAgainAt.set(ctx, now)
  return true
}

async function loadKeys(ctx: Context, db: Db): Promise<SigningKey[]> {
  const rows = await listSigningKeys(db)
  return Promise.all(
    rows.map(async (row) => {
      const privateJwk = openPrivateJwk(ctx, row)
      return {
        id: row.id,
        publicJwk: { ...row.public_jwk, kid: row.id, alg: algorithm, use: 'sig' },
        publicKey: (await importJWK(row.public_jwk, algorithm)) as CryptoKey,
        privateKey: privateJwk && ((await importJWK(privateJwk, algorithm)) as CryptoKey),
        isRetired: row.retired_at !== null,
      }
    }),
  )
}

type KeyRow = Awaited<ReturnType<typeof listSigningKeys>>[number]

function openPrivateJwk(ctx: Context, row: KeyRow): JWK | undefined {
  try {
    return JSON.parse(ctx.unseal(signingKeyPurpose(row.id), row.sealed_private_jwk)) as JWK
  } catch {
    ctx.log.warn(
      { keyId: row.id },
      'a signing key opens with none of SEALING_KEY; tokens it signed still verify',
    )
    return undefined
  }
}

/** The key to sign with: the newest that opens, one that still verifies if it must be; undefined when none opens. */
export async function currentSigningKey(ctx: Context) {
  const usable = (await signingKeys(ctx)).flatMap((key) =>
    key.privateKey ? [{ ...key, privateKey: key.privateKey }] : [],
  )
  return usable.find(({ isRetired }) => !isRetired) ?? usable[0]
}

/**
 * Makes a new key when the newest is older than 90 days or none opens, or at once; tokens signed before stay good until they
 * expire.
 */
export async function rotateSigningKeys(
  ctx: Context,
  actor: Actor,
  options: { now: boolean },
): Promise<boolean> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true })
  const id = randomToken(9)
  const publicJwk = JSON.stringify(await exportJWK(publicKey))
  const sealed = ctx.seal(signingKeyPurpose(id), JSON.stringify(await exportJWK(privateKey)))
  const isRotated = await change.silent(ctx, actor, 'nothing is due yet', async (tx, record) => {
    await lockSigningKeys(tx)
    // Under the lock: of two first starts the second finds the key of the first.
    const isUsable = (await loadKeys(ctx, tx)).some((key) => key.privateKey && !key.isRetired)
    if (!options.now && isUsable && !(await isSigningKeyDue(tx, rotationDays))) return false
    await insertSigningKey(tx, { id, public_jwk: publicJwk, sealed_private_jwk: sealed })
    record('platform.signing_key.rotated', { target: id })
    return true
  })
  growOld(ctx)
  return isRotated
}

export const signingKeyPurpose = (id: string) => `signing_keys:${id}`
