import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'
import { permissionsOf, roles } from '../../src/roles.ts'
import { codeBlocks } from '../support/code-blocks.ts'
import { plainEnvironment, projectRoot, run } from '../support/spawned.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const page = 'docs/roles.md'

/** The rows of the page's table, each by the names of its columns. */
async function tableOfPage(): Promise<Record<string, string>[]> {
  const text = await readFile(path.join(projectRoot, page), 'utf8')
  const lines = text.split('\n').filter((line) => line.startsWith('|'))
  const [head = [], , ...rows] = lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
  return rows.map((cells) => Object.fromEntries(head.map((name, at) => [name, cells[at] ?? ''])))
}

it('is the table in the code, and says of every permission what it allows', async () => {
  const rows = await tableOfPage()
  const marked = roles.map((role) => [
    role,
    rows.filter((row) => row[role] === '✓').map(({ Permission }) => Permission?.replaceAll('`', '')),
  ])
  expect(Object.fromEntries(marked)).toEqual(permissionsOf)
  for (const row of rows) {
    expect(Object.keys(row)).toEqual(['Permission', 'Allows', ...roles])
    expect(row.Allows).toMatch(/\w+/)
    for (const role of roles) expect(['✓', '']).toContain(row[role])
  }
})

it('is the table of the contract', () => {
  const all = [...permissionsOf.owner]
  expect(permissionsOf).toEqual({
    owner:
      `org.read org.update org.delete members.list members.invite members.remove members.grant projects.read
      projects.write keys.write webhooks.read webhooks.write audit.read sessions.read sessions.revoke billing.read
      billing.update usage.read`.split(/\s+/),
    admin: all.filter((permission) => permission !== 'org.delete'),
    billing: ['org.read', 'billing.read', 'billing.update', 'usage.read'],
    member: ['org.read', 'members.list', 'projects.read'],
    viewer: ['org.read', 'members.list'],
  })
})

it('hands ownership over with the commands of the page', async () => {
  const organization = await world.organization()
  const heir = await world.member(organization, 'admin')
  const [script = ''] = await codeBlocks(page)
  const env = plainEnvironment({
    BASE_URL: `http://127.0.0.1:${world.port}`,
    ORG: organization.slug,
    HEIR: heir.id,
    MYSELF: organization.owner.id,
    ACCESS_TOKEN: organization.owner.accessToken,
  })
  const { output } = await run('sh', ['-ec', script.replaceAll('curl', 'curl -sSf')], { env })
  expect(output).toContain('"role":"owner"')
  const { data } = (await heir.get(`/v1/orgs/${organization.id}/members`)).body
  expect(data.map(({ userId, role }: Record<string, string>) => [userId, role])).toEqual([
    [heir.id, 'owner'],
    [organization.owner.id, 'admin'],
  ])
})
