import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, it } from 'vitest'

const bundled = async (entry: string) => {
  const { outputFiles, metafile } = await build({
    entryPoints: [path.join(import.meta.dirname, '../src', entry)],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    write: false,
    metafile: true,
  })
  const [file] = outputFiles
  return { bytes: gzipSync(file?.contents ?? '', { level: 9 }).length, metafile }
}

// With platform "neutral" a Node built-in or a package would not resolve, and the build would fail.
it.each([
  ['index.ts', 6_144],
  ['webhooks.ts', 2_048],
  ['express.ts', 8_192],
])('%s is small, and imports nothing from outside', async (entry, most) => {
  const { bytes, metafile } = await bundled(entry)
  expect(bytes).toBeLessThanOrEqual(most)
  expect(Object.keys(metafile.inputs).filter((name) => !name.includes('seqn-auth-js/src/'))).toEqual([])
})
