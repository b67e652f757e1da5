import { type Anyone, system } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import type { BatchWriter } from '../../lib/batches.ts'

type FailedSignIn = { actor: Anyone; userId: string | null }

const writer: BatchWriter<Context, FailedSignIn> = {
  everyMs: 1_000,
  most: 1_000,
  async write(ctx, failures) {
    await change(ctx, system('failed-sign-ins'), async (_tx, record) => {
      for (const { actor, userId } of failures.values())
        record('auth.login.failed', { userId, target: userId, actor })
    })
  },
}

/** Puts a failed sign-in on record a moment later, known person or not: a guess locks no stream and takes the same time. */
export function noteFailedSignIn(ctx: Context, actor: Anyone, userId: string | null): void {
  ctx.batches.add(writer, actor.request.id, { actor, userId })
}
