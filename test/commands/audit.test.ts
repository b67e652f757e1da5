import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import type { Environment } from '../../src/config.ts'
import { withClient } from '../../src/db/postgres-roles.ts'
import { ageRows, appendRows } from '../support/audit-rows.ts'
import { silverAuth } from '../support/command-line.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { rows } from '../support/embedded-postgres.ts'
import { testEnvironment } from '../support/settings.ts'
import { tamper } from '../support/tampering.ts'

let database: TestDatabase
let environment: Environment
let directory: string
const stream = 'org_1'

// One log for the whole file, each test going on where the one before it ended, as an operator would.
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'silver-auth-audit-'))
  database = await createTestDatabase(inject('postgres'))
  environment = { ...testEnvironment, DATABASE_URL: database.appUrl }
  await append(4)
})
afterAll(async () => {
  await database?.drop()
  await rm(directory, { recursive: true, force: true })
})

const append = (count: number) =>
  withClient(database.appUrl, (client) =>
    appendRows(
      (text, values) => client.query(text, values),
      stream,
      Array.from({ length: count }, () => ({})),
    ),
  )
const file = (name: string) => path.join(directory, name)
const run = (...words: string[]) => silverAuth(['audit', ...words], environment)
const json = async (...words: string[]) => {
  const { code, stdout, stderr } = await run(...words, '--json')
  return { code, facts: JSON.parse(stdout), stderr }
}

it('anchor writes where every chain ends to a file, once, or says it', async () => {
  const anchor = file('anchor.json')
  expect(await run('anchor', '--output', anchor)).toEqual({
    code: 0,
    stdout: `${anchor} says where 1 stream ends. Keep it where nobody who can write to the database can.\n`,
    stderr: '',
  })
  const made = JSON.parse(await readFile(anchor, 'utf8'))
  expect(made).toMatchObject({ version: 1, retentionDays: 365, streams: [{ id: stream, sequence: 4 }] })
  const again = await run('anchor', '--output', anchor)
  expect({ code: again.code, stdout: again.stdout }).toEqual({ code: 2, stdout: '' })
  expect(again.stderr).toContain('EEXIST')
  const said = await run('anchor')
  expect(said.code).toBe(0)
  expect(JSON.parse(said.stdout)).toMatchObject({ streams: made.streams, publicKey: made.publicKey })
  await writeFile(file('said.json'), said.stdout)
  expect((await run('verify', '--anchor', file('said.json'))).code).toBe(0)
})

it('verify --anchor finds the log whole that only grew', async () => {
  await append(1)
  expect((await run('verify', '--anchor', file('anchor.json'))).stdout).toMatch(
    /^5 rows in 1 streams: every chain is whole\.\nCompared with the anchor of \S+Z\.\n$/,
  )
  expect(await json('verify', '--anchor', file('anchor.json'))).toEqual({
    code: 0,
    facts: {
      streams: 1,
      rows: 5,
      erased: 0,
      flaws: [],
      anchor: { isGenuine: true, issuedAt: expect.any(String), streams: 1 },
    },
    stderr: '',
  })
})

it.each([
  ['nothing', ['--anchor', '/nowhere/anchor.json'], /ENOENT/],
  ['an option of another verb', ['--output', 'x'], /audit verify has no --output/],
])('verify is told of %s that it is misused', async (_what, words, message) => {
  const { code, stdout, stderr } = await run('verify', ...words)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(message)
})

it('verify takes no anchor that was changed', async () => {
  const text = await readFile(file('anchor.json'), 'utf8')
  await writeFile(file('forged.json'), text.replace('"sequence":4', '"sequence":3'))
  expect(await json('verify', '--anchor', file('forged.json'))).toEqual({
    code: 1,
    facts: { anchor: { isGenuine: false } },
    stderr: '',
  })
  expect((await run('verify', '--anchor', file('forged.json'))).stdout).toContain('NOTHING was checked')
})

it('prune lets go what had its time, and the old anchor still fits', async () => {
  await ageRows(database.superuserUrl, stream, 3, 400)
  await run('anchor', '--output', file('old.json'))
  expect(await run('prune')).toEqual({
    code: 0,
    stdout: '3 rows older than 365 days went. The rest of each chain is as it was.\n',
    stderr: '',
  })
  expect(await json('prune')).toEqual({ code: 0, facts: { pruned: 0 }, stderr: '' })
  expect(
    (await rows(database.superuserUrl, 'select sequence::integer from audit_logs order by 1')).map(
      ({ sequence }) => sequence,
    ),
  ).toEqual([4, 5])
  expect(await json('verify', '--anchor', file('old.json'))).toMatchObject({
    code: 0,
    facts: { rows: 2, flaws: [] },
  })
})

it('verify --anchor finds a tail that was cut with its head', async () => {
  await tamper(
    database.superuserUrl,
    `delete from audit_logs where sequence = 5;
     update streams set audit_sequence = 4, head_hash = (select hash from audit_logs where sequence = 4)`,
  )
  expect((await run('verify')).code).toBe(0)
  const found = await run('verify', '--anchor', file('old.json'))
  expect(found.code).toBe(1)
  expect(found.stdout).toContain('NOT WHOLE')
  expect(found.stdout).toContain(
    'org_1 4: the anchor knows 5 rows, the head is at 4: rows at the end are missing',
  )
})
