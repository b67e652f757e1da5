import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { silverAuth, startSilverAuth } from '../support/command-line.ts'
import { embeddedPostgresWorld, until } from '../support/embedded-postgres.ts'

const example = new URL('../../.env.example', import.meta.url).pathname

describe('on the embedded database', { timeout: 60_000 }, () => {
  const world = embeddedPostgresWorld()
  const lockedBy = async () => (await readFile(world.lockFile(), 'utf8').catch(() => '')).split('\n')[0]

  it('commands start it when it is stopped, keep what they did, and stop it again', async () => {
    const environment = { DATA_DIR: world.file() }
    expect(await silverAuth(['migrate', 'up'], environment)).toMatchObject({ code: 0, stderr: '' })
    expect(await lockedBy()).toBe('')
    expect(await silverAuth(['keys', 'rotate-signing'], environment)).toMatchObject({ code: 0, stderr: '' })
    expect(await silverAuth(['audit', 'verify', '--json'], environment)).toEqual({
      code: 0,
      stdout: '{"streams":1,"rows":1,"erased":0,"flaws":[]}\n',
      stderr: '',
    })
    expect(await lockedBy()).toBe('')
  })

  it('the example settings start the service; commands use its database and leave it running', async () => {
    const port = await freePort()
    const environment = { DATA_DIR: world.file(), PORT: `${port}` }
    const { child, output } = await startSilverAuth([], environment, [`--env-file=${example}`])
    world.afterwards(() => child.kill('SIGKILL'))
    await until(() => {
      if (child.exitCode !== null) throw new Error(output().stderr)
      return output().stdout.includes('is ready on')
    })
    const healthy = async () => (await fetch(`http://127.0.0.1:${port}/healthz`)).status
    expect(await healthy()).toBe(200)
    expect(output().stdout).toContain('First start: a demonstration workspace was made.')
    const server = await lockedBy()

    for (const words of [
      ['migrate', 'status'],
      ['migrate', 'up'],
      ['audit', 'verify'],
      ['keys', 'rotate-signing'],
    ]) {
      expect(await silverAuth(words, environment)).toMatchObject({ code: 0, stderr: '' })
    }
    expect(await lockedBy()).toBe(server)
    expect(await healthy()).toBe(200)

    child.kill('SIGTERM')
    const [code] = await once(child, 'exit')
    expect(code).toBe(0)
    expect(await lockedBy()).toBe('')
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return address !== null && typeof address === 'object' ? address.port : 0
}
