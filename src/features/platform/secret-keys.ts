import type { PlatformAdmin } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import { type Page, readPage } from '../../lib/pages.ts'
import { listKeysWithPrefix } from './search-queries.ts'

export type FoundKey = Awaited<ReturnType<typeof listKeysWithPrefix>>[number]

/** The keys that begin so, with whose they are. That somebody looked is put on record, together with what they saw. */
export async function findKeys(ctx: Context, admin: PlatformAdmin, prefix: string, page: Page) {
  return change(ctx, admin, async (tx, record) => {
    const found = await readPage(ctx, `platform secret keys ${prefix}`, page, (keyset) =>
      listKeysWithPrefix(tx, prefix, keyset),
    )
    const projectIds = [...new Set(found.rows.map(({ project_id }) => project_id))]
    record('platform.secret_key.looked_up', {
      target: projectIds[0] ?? null,
      details: { prefix, projectIds },
    })
    return found
  })
}
