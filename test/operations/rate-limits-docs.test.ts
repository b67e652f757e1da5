import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { type Limit, limits } from '../../src/http/rate-limits/limits.ts'
import { codeBlocks } from '../support/code-blocks.ts'
import { followDocument } from '../support/document.ts'
import { startService } from '../support/service.ts'
import { projectRoot } from '../support/spawned.ts'
import { startWorld } from '../support/world.ts'

const file = 'docs/rate-limits.md'
const world = startWorld({ environment: { RATE_LIMIT_ROUTES: '' } })
const { shell } = followDocument(file, world)
const page = await readFile(path.join(projectRoot, file), 'utf8')

/** How the page calls what is counted, by the name of the function that tells it. */
const counted: Record<string, string> = {
  address: 'address',
  user: 'user',
  secretKey: 'secret key',
  publishableKey: 'publishable key',
  keyPrefix: 'prefix of the secret key',
}
const called = ({ by, and }: Limit) =>
  [by, and].flatMap((one) => counted[one?.name ?? ''] ?? []).join(' and ')

const rows = [...page.matchAll(/^\| `(\w+)` +\| ([\d,]+) +\| ([^|]+?) +\| (.*?) *\|$/gm)].map(
  ([, name = '', max = '', per = '', routes = '']) => ({
    name,
    max: Number(max.replaceAll(',', '')),
    per,
    routes: [...routes.matchAll(/`([A-Z]+ \/[^`]*)`/g)].map(([, route = '']) => route).sort(),
  }),
)

it('names every limit with its number and what it counts by, as the code has them', () => {
  const inCode = Object.entries(limits).map(([name, limit]) => ({ name, max: limit.max, per: called(limit) }))
  const onPage = rows.map(({ name, max, per }) => ({ name, max, per }))
  expect(onPage).toEqual(inCode)
})

it('names the documented routes of each limit, and calls the others everything else', async () => {
  const { body } = await world.anonymous.get('/openapi.json')
  const routesOf = new Map<string, string[]>()
  type Operations = Record<string, { 'x-rate-limit': string }>
  for (const [url, operations] of Object.entries(body.paths as Record<string, Operations>)) {
    for (const [method, operation] of Object.entries(operations)) {
      const name = operation['x-rate-limit']
      routesOf.set(name, [...(routesOf.get(name) ?? []), `${method.toUpperCase()} ${url}`])
    }
  }
  const shared = ['default', 'mutation']
  for (const { name, routes } of rows.filter((row) => !shared.includes(row.name))) {
    const documented = routesOf.get(name)?.sort() ?? []
    expect(
      routes.filter((route) => documented.length > 0 || body.paths[route.split(' ')[1] ?? '']),
      name,
    ).toEqual(documented)
  }
  for (const name of shared) expect(rows.find((row) => row.name === name)?.routes, name).toEqual([])

  const changes = [...routesOf].flatMap(([name, routes]) =>
    routes.filter((route) => !route.startsWith('GET ')).map((route) => ({ name, route })),
  )
  const isWhere = (route: string) =>
    / \/v1\/(orgs|platform|me|users\/me|auth\/(sessions|invitations\/decline))\b/.test(route)
  expect(changes.filter(({ name, route }) => name === 'mutation' && !isWhere(route))).toEqual([])
  expect(changes.filter(({ name, route }) => name === 'default' && isWhere(route))).toEqual([])
})

it('answers the command of the page with the numbers of the page', async () => {
  const [ask = ''] = await codeBlocks(file)
  const [told = ''] = await codeBlocks(file, { language: 'http' })
  const answer = (await shell(ask)).toLowerCase()
  for (const line of told.trim().split('\n')) expect(answer).toContain(line)
})

it('takes the settings of the page', async () => {
  const [setting = ''] = await codeBlocks(file, { language: 'ini' })
  const [name = '', value = ''] = setting.trim().split(/=(.*)/s)
  const service = await startService(world.database, { environment: { [name]: value } })
  onTestFinished(() => service.stop())
  const { headers } = await fetch(`http://127.0.0.1:${service.port}/v1/config`)
  expect(headers.get('ratelimit-limit')).toBe('500')
  expect(service.logLines.join('')).not.toContain('names a route that does not exist')
})
