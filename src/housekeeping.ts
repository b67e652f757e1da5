import { system } from './actors.ts'
import { deleteOldAnswers } from './change/queries.ts'
import type { Context } from './context.ts'
import { deleteOldGuesses } from './features/credentials/queries.ts'
import { deleteEndedKeys } from './features/keys/queries.ts'
import { purgeOrganizations } from './features/organizations/queries.ts'
import { deleteEndedSessions } from './features/sessions/queries.ts'
import { rotateSigningKeys } from './features/sessions/signing-keys.ts'

const everyMs = 60_000
const most = 1_000

/** What has had its time: deleted in bounded batches, so that no run holds anything for long. */
export async function keepHouse(ctx: Context): Promise<void> {
  await deleteOldAnswers(ctx.db, most)
  await deleteOldGuesses(ctx.db, most)
  await deleteEndedKeys(ctx.db, most)
  await deleteEndedSessions(ctx.db, most)
  await purgeOrganizations(ctx.db, 10)
  await rotateSigningKeys(ctx, system('housekeeping'), { now: false })
}

/** Keeps house once a minute until the returned function has been awaited; a failing round is logged and the next one comes. */
export function startHousekeeping(ctx: Context): () => Promise<void> {
  let round = Promise.resolve()
  const timer = setInterval(() => {
    round = round
      .then(() => keepHouse(ctx))
      .catch((error) => ctx.log.warn({ err: error }, 'housekeeping failed and will be tried again'))
  }, everyMs)
  return async () => {
    clearInterval(timer)
    await round
  }
}
