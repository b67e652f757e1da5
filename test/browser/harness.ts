import { type Browser, type BrowserContextOptions, chromium } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { freePort } from '../support/spawned.ts'
import { tool } from '../support/tools.ts'
import { startWorld, type World } from '../support/world.ts'
import { Visitor } from './visitor.ts'

const executablePath = tool('chromium')

const browserArguments = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const launch = (more: string[] = []) =>
  chromium.launch({
    ...(executablePath ? { executablePath } : {}),
    args: [...browserArguments, ...more],
  })

/** A browser for which every name under `.test` is this machine, and no other name exists. It believes Caddy's own authority. */
export const launchBehindCaddy = ({ fingerprint }: { fingerprint: string }) =>
  launch([
    '--host-resolver-rules=MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    // Chromium reads no CA file on Linux, so this one authority is named by its key; certificates of others stay refused.
    `--ignore-certificate-errors-spki-list=${fingerprint}`,
  ])

/** `describe`, left out where there is no Chromium. */
export const describeInBrowser = describe.runIf(executablePath)

export type Site = {
  world: World
  origin: string
  /** A browser of somebody's own: with cookies, history and storage that nobody else has. */
  visit(options?: BrowserContextOptions): Promise<Visitor>
}

/** The real service at its real address, and a browser to visit it with. What goes wrong in any page fails the test. */
export async function startSite(): Promise<Site> {
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const world = startWorld({ port, environment: { PUBLIC_BASE_URL: origin } })
  const visitors = new Set<Visitor>()
  let browser: Browser

  beforeAll(async () => {
    browser = await launch()
  })
  afterEach(async () => {
    const faults: string[] = []
    for (const visitor of visitors) faults.push(...(await visitor.leave()))
    visitors.clear()
    expect(faults, 'no page may report a fault').toEqual([])
  })
  afterAll(() => browser?.close())

  return {
    world,
    origin,
    async visit(options = {}) {
      const visitor = await Visitor.in(browser, origin, options)
      visitors.add(visitor)
      return visitor
    },
  }
}
