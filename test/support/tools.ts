import { existsSync } from 'node:fs'

/** Programs that some tests need and that npm does not bring, with the places where Debian and others put them. */
const places = {
  chromium: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
  caddy: ['/usr/bin/caddy'],
  'docker-compose': ['/usr/bin/docker-compose'],
  psql: ['/usr/bin/psql'],
  'redis-server': ['/usr/bin/redis-server'],
  'postgres 15': ['/usr/lib/postgresql/15/bin/postgres'],
} as const

export type Tool = keyof typeof places

export const findTool = (tool: Tool): string | undefined => places[tool].find((path) => existsSync(path))

export const missingTools = (): Tool[] => (Object.keys(places) as Tool[]).filter((tool) => !findTool(tool))

/** The program's path, or undefined where its tests are to be left out; with REQUIRE_TOOLS=1 its absence is a failure. */
export function tool(name: Tool): string | undefined {
  const found = findTool(name)
  if (!found && process.env.REQUIRE_TOOLS === '1')
    throw new Error(`${name} is not installed, and REQUIRE_TOOLS=1`)
  return found
}
