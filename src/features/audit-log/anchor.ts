import { z } from 'zod'
import type { Context } from '../../context.ts'
import { isSigned, signStatement } from '../../lib/signed-statement.ts'
import { readAllPages } from './all-pages.ts'
import { listAnchorPlaces } from './queries.ts'

const purpose = 'silver-auth audit anchor'

// In this order the fields are signed, however the file has them.
const Statement = z.object({
  version: z.literal(1),
  issuedAt: z.iso.datetime(),
  /** For how many days rows were kept then. */
  retentionDays: z.int(),
  streams: z.array(
    z.object({
      id: z.string(),
      /** The newest row, its hash, and when it was written. */
      sequence: z.int(),
      hash: z.string().regex(/^[0-9a-f]{64}$/),
      occurredAt: z.iso.datetime(),
      /** The last row that was pruned before. */
      prunedSequence: z.int(),
    }),
  ),
})

const SignedStatement = Statement.extend({ publicKey: z.string(), signature: z.string() })

/** What every chain's end was at one moment, signed with a key that the database does not know. */
export type Anchor = z.output<typeof SignedStatement>
export type AnchoredStream = Anchor['streams'][number]

/** Signs where every chain ends now, to be kept where nobody who can write to the database can. */
export async function makeAnchor(ctx: Context): Promise<Anchor> {
  const places = await readAllPages(
    (after) => listAnchorPlaces(ctx.db, after),
    ({ id }) => id,
  )
  const statement: z.output<typeof Statement> = {
    version: 1,
    issuedAt: ctx.clock().toISOString(),
    retentionDays: ctx.config.audit.keptDays,
    streams: places.map((place) => ({
      id: place.id,
      sequence: place.sequence,
      hash: place.hash.toString('hex'),
      occurredAt: place.occurred_at.toISOString(),
      prunedSequence: place.pruned_sequence,
    })),
  }
  return { ...statement, ...signStatement(ctx.config.sealingKeys, purpose, JSON.stringify(statement)) }
}

/** The anchor that a text is; undefined for one that is none, or that no key of SEALING_KEY signed as it stands. */
export function readAnchor({ config }: Context, text: string): Anchor | undefined {
  const parsed = SignedStatement.safeParse(jsonOf(text))
  if (!parsed.success) return undefined
  const statement = JSON.stringify(Statement.parse(parsed.data))
  return isSigned(config.sealingKeys, purpose, statement, parsed.data) ? parsed.data : undefined
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
