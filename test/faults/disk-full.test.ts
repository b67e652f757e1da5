import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Arena, openArena } from './harness/arena.ts'
import { extent } from './harness/extent.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'silver-auth-small-disk-'))
const sizeMegabytes = 160
const filler = path.join(directory, 'filler')

/** A file system of its own, so that filling it hurts nobody else. Only root may mount, and in some containers not even root. */
const isMounted =
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMegabytes}m`, 'tmpfs', directory]).status === 0

describe.runIf(isMounted)('a full disk', { timeout: 120_000 }, () => {
  let arena: Arena

  beforeAll(async () => {
    arena = await openArena({
      seed: extent.seed,
      perSecond: 40,
      workspaces: 10,
      directory: path.join(directory, 'cluster'),
    })
  })
  afterAll(async () => {
    await arena?.close()
    spawnSync('umount', [directory])
    rmSync(directory, { recursive: true, force: true })
  })

  it('under the tables: 503, and all is well when there is room again', async () => {
    const happen = async () => {
      fill()
      await arena.refusals(5)
      rmSync(filler)
    }
    await arena.endure(happen())
  })

  it('under the write-ahead log: PostgreSQL gives up, and all is well when it is started with room again', async () => {
    const before = arena.cluster.lines.length
    const said = () => arena.cluster.lines.slice(before).join('\n')
    await arena.endure(fillUntilItGivesUp(said))
    expect(said()).toContain('No space left on device')
  })

  async function fillUntilItGivesUp(said: () => string) {
    fill()
    while (!/PANIC|PostgreSQL ended/.test(said())) {
      // Goes through the segments that were made in advance.
      await arena
        .asSuperuser('select pg_logical_emit_message(true, $$x$$, $$y$$), pg_switch_wal()')
        .catch(() => undefined)
      await wait(20)
    }
    await arena.refusals(3)
    rmSync(filler)
    while (!(await arena.asSuperuser('select 1').catch(() => undefined))) {
      // A service manager would do it, where PostgreSQL did not recover by itself.
      if (/PostgreSQL ended/.test(said())) await arena.startCluster()
      await wait(20)
    }
  }

  it('has lost nothing that was acknowledged, and nothing is half done', async () => {
    expect(await arena.verdict()).toEqual([])
  })
})

/** Writes until nothing fits any more, not even a page. */
function fill(): void {
  const file = openSync(filler, 'w')
  for (const bytes of [1024 * 1024, 4096]) {
    try {
      for (;;) writeSync(file, Buffer.alloc(bytes))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }
  closeSync(file)
}
