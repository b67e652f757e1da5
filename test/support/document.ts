import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { build } from '../../scripts/build.ts'
import { codeBlocks } from './code-blocks.ts'
import { testEnvironment } from './settings.ts'
import { plainEnvironment, projectRoot, run } from './spawned.ts'
import type { World } from './world.ts'

const settingsIn = (block: string) => block.match(/^[A-Z_]+=\S+$/gm) ?? []

/**
 * A page whose commands are run as they stand, in a directory of their own, against the world's service. `meant` says what stands
 * for something in the page, and what that is here.
 */
export function followDocument(file: string, world: World) {
  let directory = ''
  const meant: Record<string, string> = {}
  beforeAll(async () => {
    await build()
    directory = await mkdtemp(path.join(tmpdir(), 'silver-document-'))
    // Any status that is no success ends a command, with code 22.
    await writeFile(path.join(directory, '.curlrc'), 'fail-with-body\nsilent\nshow-error\n')
    meant['http://127.0.0.1:4080'] = `http://127.0.0.1:${world.port}`
    meant['npx silver-auth'] = `${process.execPath} ${path.join(projectRoot, 'dist/main.js')}`
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  const here = (text: string) =>
    Object.entries(meant).reduce((filled, [sign, value]) => filled.replaceAll(sign, value), text)

  return {
    meant,
    get directory() {
      return directory
    },
    /** Runs a script with the settings of the service; answers its output once it ended with this code. */
    async shell(script: string, expected = 0, settings: Record<string, string> = {}): Promise<string> {
      const service = { ...testEnvironment, DATABASE_URL: world.database.appUrl }
      const env = plainEnvironment({ ...service, ...settings, CURL_HOME: directory })
      const { code, output } = await run('sh', ['-ec', here(script)], { cwd: directory, env })
      expect(code, `${here(script)}\n${output}`).toBe(expected)
      return output.replace(/^curl: \(22\) .*\n/m, '')
    },
    /** The commands of a chapter in their order, each after the settings of the page's first block and of those before it. */
    async chapter(heading: string): Promise<string[]> {
      const [first = ''] = await codeBlocks(file)
      const blocks = await codeBlocks(file, { below: `## ${heading}` })
      expect(blocks.length, `${file} has commands below ${heading}`).toBeGreaterThan(0)
      return blocks.map((block, at) =>
        [...settingsIn(first), ...blocks.slice(0, at).flatMap(settingsIn), block].join('\n'),
      )
    },
  }
}
