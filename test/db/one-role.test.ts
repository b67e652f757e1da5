import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { system } from '../../src/actors.ts'
import { change } from '../../src/change/change.ts'
import { parseConfig } from '../../src/config.ts'
import { locateDatabase } from '../../src/db/located-database.ts'
import { migrateUp } from '../../src/db/migrate.ts'
import { verifyAuditLog } from '../../src/features/audit-log/verify.ts'
import type { TestDatabase } from '../support/database.ts'
import { rows } from '../support/embedded-postgres.ts'
import { createEmptyDatabase } from '../support/empty-database.ts'
import { testEnvironment } from '../support/settings.ts'
import { contextOn } from '../support/spine.ts'

let database: TestDatabase
let opened: ReturnType<typeof contextOn>

// As an operator with one role would: DATABASE_URL alone.
beforeAll(async () => {
  database = await createEmptyDatabase(inject('postgres'))
  const config = parseConfig({ ...testEnvironment, DATABASE_URL: database.ownerUrl })
  const located = await locateDatabase(config, () => undefined)
  await migrateUp(located)
  opened = contextOn(located.appUrl)
  await change(opened.ctx, system('test'), async (_tx, record) => {
    record('platform.signing_key.rotated', { target: 'key' })
  })
})
afterAll(async () => {
  await opened?.database.close()
  await database?.drop()
})

it.each([
  'update audit_logs set action = action',
  'delete from audit_logs where false',
  'truncate audit_logs cascade',
  'update audit_details set details = details',
  'delete from audit_details',
  'truncate audit_details',
  `insert into audit_details select * from audit_details on conflict (audit_id) do update set details = 'x'`,
])('has one role for everything, and triggers that refuse accidents: %s', async (statement) => {
  await expect(rows(database.ownerUrl, statement)).rejects.toMatchObject({
    code: '42501',
    message: expect.stringMatching(/^audit_(logs|details) is append-only$/),
  })
  expect(await verifyAuditLog(opened.ctx.db)).toEqual({ streams: 1, rows: 1, erased: 0, flaws: [] })
})
