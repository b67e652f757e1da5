import { mkdir, mkdtemp, readlink, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { findBinaries, packagedBinaries, repairInstallation } from '../../src/db/postgres-binaries.ts'

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'silver-auth-binaries-'))
})

afterEach(() => rm(directory, { recursive: true }))

async function program(text: string) {
  await writeFile(path.join(directory, 'postgres'), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
}

it('finds the programs of the npm package', async () => {
  expect(await findBinaries()).toMatchObject({ majorVersion: 18 })
})

it('reads the version of the programs in a directory', async () => {
  await program('echo "postgres (PostgreSQL) 16.4 (Debian 16.4-1)"')
  const bin = { initdb: path.join(directory, 'initdb'), postgres: path.join(directory, 'postgres') }
  expect(await findBinaries(directory)).toEqual({ ...bin, majorVersion: 16 })
})

it('refuses a version that is too old', async () => {
  await program('echo "postgres (PostgreSQL) 13.9"')
  await expect(findBinaries(directory)).rejects.toThrow('13.9, but 14 or later is needed')
})

it('says what to do when the programs are not there or do not run', async () => {
  await expect(findBinaries(directory)).rejects.toThrow(/does not run on this machine.*set DATABASE_URL/)
  await program('exit 1')
  await expect(findBinaries(directory)).rejects.toThrow(/does not run on this machine.*set DATABASE_URL/)
})

it('says what to do on a platform without a package', async () => {
  await expect(packagedBinaries('sunos-x64')).rejects.toThrow(
    /no embedded PostgreSQL for sunos-x64.*DATABASE_URL/,
  )
})

it('makes up for an install script that did not run', async () => {
  const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so' }]
  for (const folder of ['bin', 'lib'])
    await mkdir(path.join(directory, 'native', folder), { recursive: true })
  await writeFile(path.join(directory, 'native', 'pg-symlinks.json'), JSON.stringify(links))
  for (const name of ['initdb', 'postgres']) await writeFile(path.join(directory, 'native', 'bin', name), '')

  await repairInstallation(directory)
  await repairInstallation(directory)

  expect(await readlink(path.join(directory, 'native', 'lib', 'libpq.so'))).toBe('libpq.so.5.18')
  expect((await stat(path.join(directory, 'native', 'bin', 'postgres'))).mode & 0o111).toBe(0o111)
})
