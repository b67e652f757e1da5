import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { appendFile, chown, mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { describe, expect, it } from 'vitest'
import { chooseAccount } from '../../src/db/postgres-account.ts'
import { findBinaries } from '../../src/db/postgres-binaries.ts'
import { startServer } from '../../src/db/postgres-server.ts'
import { keptSecret } from '../../src/lib/kept-secret.ts'
import {
  canActAsNobody,
  embeddedPostgresWorld,
  nobody,
  onLinux,
  rows,
  until,
} from '../support/embedded-postgres.ts'

describe('embedded PostgreSQL after accidents', { timeout: 30_000 }, () => {
  const world = embeddedPostgresWorld()

  it('recovers what was committed when the server is killed', async () => {
    const killed = await world.start({ durable: true })
    await rows(killed.ownerUrl, 'create table notes as select 42 as number')
    process.kill(killed.pid, 'SIGKILL')

    const { ownerUrl } = await world.start({ durable: true })
    expect(await rows(ownerUrl, 'select number from notes')).toEqual([{ number: 42 }])
  })

  it('adopts the server that is running already, and stops it', async () => {
    const first = await world.start()
    const second = await world.start()

    expect(second).toMatchObject({
      adopted: true,
      pid: first.pid,
      ownerUrl: first.ownerUrl,
      appUrl: first.appUrl,
    })
    await second.stop()
    expect(existsSync(world.lockFile())).toBe(false)
  })

  it('gives one server to two first starts at the same time', async () => {
    const servers = await Promise.all([world.start(), world.start()])

    expect(servers.map(({ adopted }) => adopted).sort()).toEqual([false, true])
    expect(new Set(servers.map(({ appUrl }) => appUrl)).size).toBe(1)
    expect((await readdir(world.file())).sort()).toEqual([
      'postgres',
      'postgres.password',
      'silver_app.password',
      'silver_owner.password',
    ])
  })

  it('gives one password to all that make its file at the same time', async () => {
    const file = world.file('some.password')
    const secrets = await Promise.all(Array.from({ length: 20 }, () => keptSecret(file)))

    expect(new Set(secrets).size).toBe(1)
    expect(await readdir(world.file())).toEqual(['some.password'])
  })

  it('begins anew after initdb was killed midway', async () => {
    const { child } = world.startInChild()
    await until(() => readdirSync(world.file()).some((name) => existsSync(world.file(name, 'data', 'base'))))
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(existsSync(world.file('postgres'))).toBe(false)

    const { appUrl } = await world.start()
    expect(await rows(appUrl, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it('removes what killed starts left, once it is old', async () => {
    for (const name of ['postgres.new-old', 'postgres.new-young']) await mkdir(world.file(name))
    const hourAgo = new Date(Date.now() - 3_600_000)
    await utimes(world.file('postgres.new-old'), hourAgo, hourAgo)
    await world.start()

    const names = await readdir(world.file())
    expect(names.filter((name) => name.includes('new'))).toEqual(['postgres.new-young'])
  })

  it('moves a torn cluster aside and makes a new one', async () => {
    await mkdir(world.file('postgres', 'base'), { recursive: true })
    await writeFile(world.file('postgres', 'PG_VERSION'), '18\n')

    const { appUrl } = await world.start()
    expect(await rows(appUrl, 'select 1 as one')).toEqual([{ one: 1 }])
    expect(await readdir(world.file())).toContainEqual(expect.stringMatching(/^postgres\.torn-\d+$/))
  })

  it('makes the roles and the database that are missing', async () => {
    const first = await world.start()
    for (const what of ['database silver_auth', 'role silver_owner', 'role silver_app']) {
      await rows(first.superuserUrl, `drop ${what}`)
    }
    await first.stop()

    const { ownerUrl, appUrl } = await world.start()
    await rows(ownerUrl, 'create table notes (text text)')
    await expect(rows(appUrl, 'select * from notes')).rejects.toThrow('permission denied')
  })

  it('gives roles a new password when the file of the old one is lost', async () => {
    const first = await world.start()
    await rm(world.file('silver_app.password'))

    const second = await world.start()
    expect(second.appUrl).not.toBe(first.appUrl)
    expect(await rows(second.appUrl, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it("says what is missing when the superuser's password is lost", async () => {
    await (await world.start()).stop()
    await rm(world.file('postgres.password'))

    await expect(world.start()).rejects.toThrow(/postgres\.password is missing.* Restore it/)
  })

  it.runIf(canActAsNobody)("leaves another user's cluster alone", async () => {
    await (await world.start()).stop()
    await chown(world.file(), nobody.uid, nobody.gid)
    for (const name of await readdir(world.file())) {
      if (name.endsWith('.password')) await chown(world.file(name), nobody.uid, nobody.gid)
    }

    await expect(world.startInChild(nobody).started).rejects.toThrow(
      /cannot be read \(EACCES\).*give it to this one/,
    )
    expect(existsSync(world.file('postgres', 'PG_VERSION'))).toBe(true)
  })

  it("tells the server's last words when it does not start", async () => {
    await (await world.start()).stop()
    await appendFile(world.file('postgres', 'postgresql.conf'), 'nonsense = 1\n')

    await expect(world.start()).rejects.toThrow(
      /unrecognized configuration parameter "nonsense"[\s\S]*set DATABASE_URL/,
    )
  })

  it('takes another port when its own was taken meanwhile', async () => {
    await (await world.start()).stop()
    const [occupant, vacant] = [createServer(), createServer()]
    const [takenPort, freePort] = [await listen(occupant), await listen(vacant)]
    world.afterwards(() => occupant.close())
    vacant.close()
    const data = world.file('postgres')
    const cluster = {
      data,
      superuserPassword: await readFile(world.file('postgres.password'), 'utf8'),
      binaries: await findBinaries(),
      account: await chooseAccount(data),
      durable: false,
      log: () => undefined,
    }
    const ports = [takenPort, takenPort]
    const server = await startServer(cluster, async () => ports.pop() ?? freePort)
    world.afterwards(server.stop)

    expect(server.port).toBe(freePort)
  })

  it.runIf(onLinux)('stops by itself when its parent is killed', async () => {
    const { child, started } = world.startInChild()
    const { appUrl } = await started
    expect(await rows(appUrl, 'select 1 as one')).toEqual([{ one: 1 }])
    child.kill('SIGKILL')

    await until(() => !existsSync(world.lockFile()))
  })

  it.runIf(onLinux)('starts although the lock file names a zombie or a stranger', async () => {
    const { child, started } = world.startInChild()
    const { pid, ownerUrl } = await started
    await rows(ownerUrl, 'create table notes as select 42 as number')
    // A stopped parent does not reap, so the server becomes a zombie.
    child.kill('SIGSTOP')
    process.kill(pid, 'SIGKILL')
    const second = await world.start()
    expect(second.adopted).toBe(false)
    process.kill(second.pid, 'SIGKILL')
    const stranger = spawn('sleep', ['60'])
    world.afterwards(() => stranger.kill())
    const lock = await readFile(world.lockFile(), 'utf8')
    await writeFile(world.lockFile(), lock.replace(/^\d+/, `${stranger.pid}`))

    const third = await world.start()
    expect(await rows(third.ownerUrl, 'select number from notes')).toEqual([{ number: 42 }])
  })
})

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
