import { existsSync } from 'node:fs'
import { chown, readFile, stat } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { canActAsNobody, embeddedPostgresWorld, nobody, rows, until } from '../support/embedded-postgres.ts'

const debianBinaries = '/usr/lib/postgresql/15/bin'

describe('embedded PostgreSQL', { timeout: 30_000 }, () => {
  const world = embeddedPostgresWorld()

  it('makes both roles and the database on the first start', async () => {
    const { ownerUrl, appUrl, superuserUrl, adopted } = await world.start()

    expect(adopted).toBe(false)
    await rows(ownerUrl, 'create table notes (text text)')
    expect(await rows(appUrl, 'select current_user as user, current_database() as database')).toEqual([
      { user: 'silver_app', database: 'silver_auth' },
    ])
    await expect(rows(appUrl, 'create table mine (text text)')).rejects.toThrow('permission denied')
    await expect(rows(appUrl, 'create temporary table mine (text text)')).rejects.toThrow('permission denied')
    await expect(rows(appUrl, 'select * from notes')).rejects.toThrow('permission denied')
    const query = `select rolname, rolsuper or rolcreaterole or rolcreatedb as powerful from pg_roles where rolname like 'silver%' order by 1`
    expect(await rows(superuserUrl, query)).toEqual([
      { rolname: 'silver_app', powerful: false },
      { rolname: 'silver_owner', powerful: false },
    ])
  })

  it('listens on 127.0.0.1 only, asks for passwords and sorts by code point', async () => {
    const { superuserUrl, appUrl } = await world.start()

    const names = `'listen_addresses', 'unix_socket_directories', 'max_connections', 'server_encoding', 'wal_segment_size'`
    const settings = await rows(
      superuserUrl,
      `select name, setting from pg_settings where name in (${names})`,
    )
    expect(Object.fromEntries(settings.map(({ name, setting }) => [name, setting]))).toEqual({
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: '200',
      server_encoding: 'UTF8',
      wal_segment_size: `${4 * 1024 * 1024}`,
    })
    expect(await rows(appUrl, `select 'Z' < 'a' as by_code_point, upper('é') as upper`)).toEqual([
      { by_code_point: true, upper: 'É' },
    ])
    const wrong = new URL(superuserUrl)
    wrong.password = 'wrong'
    await expect(rows(wrong.href, 'select 1')).rejects.toThrow('password authentication failed')
  })

  it('keeps each password in a file for its owner alone', async () => {
    const { ownerUrl, appUrl, superuserUrl } = await world.start()

    for (const url of [ownerUrl, appUrl, superuserUrl]) {
      const { username, password } = new URL(url)
      const file = world.file(`${username}.password`)
      expect(await readFile(file, 'utf8')).toBe(password)
      expect((await stat(file)).mode & 0o777).toBe(0o600)
    }
  })

  it('keeps data from one start to the next', async () => {
    const first = await world.start()
    await rows(first.ownerUrl, 'create table notes as select 42 as number')
    await first.stop()

    const second = await world.start()
    expect(second.adopted).toBe(false)
    expect(await rows(second.ownerUrl, 'select number from notes')).toEqual([{ number: 42 }])
  })

  it('leaves no process when stopped, be it twice', async () => {
    const server = await world.start()
    await Promise.all([server.stop(), server.stop()])
    await server.stop()

    expect(existsSync(world.lockFile())).toBe(false)
    expect(() => process.kill(server.pid, 0)).toThrow('ESRCH')
  })

  it.runIf(existsSync(debianBinaries))('runs the programs of PG_BIN_DIR', async () => {
    const { appUrl, ownerUrl } = await world.start({ binaries: debianBinaries })

    expect(await rows(appUrl, 'show server_version_num')).toEqual([
      { server_version_num: expect.stringMatching(/^15/) },
    ])
    await rows(ownerUrl, 'create table notes (text text)')
    expect(await rows(appUrl, `select 'Z' < 'a' as by_code_point`)).toEqual([{ by_code_point: true }])
  })

  it.runIf(canActAsNobody)('runs for an unprivileged user', async () => {
    await chown(world.file(), nobody.uid, nobody.gid)
    const { child, started } = world.startInChild(nobody)
    const { pid, appUrl } = await started

    expect(await rows(appUrl, 'select 1 as one')).toEqual([{ one: 1 }])
    expect(await stat(`/proc/${pid}`)).toMatchObject(nobody)
    child.kill('SIGKILL')
    await until(() => !existsSync(world.lockFile()))
  })

  it.runIf(canActAsNobody)("runs for root as the directory's owner, and later for that owner", async () => {
    await chown(world.file(), nobody.uid, nobody.gid)
    const { pid, stop } = await world.start()
    expect(await stat(`/proc/${pid}`)).toMatchObject(nobody)
    await stop()

    const { appUrl } = await world.startInChild(nobody).started
    expect(await rows(appUrl, 'select 1 as one')).toEqual([{ one: 1 }])
  })
})
