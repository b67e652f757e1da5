import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { startCaddy } from '../../support/caddy.ts'
import { startFaultProxy } from '../../support/fault-proxy.ts'
import { freePort } from '../../support/spawned.ts'
import { tool } from '../../support/tools.ts'
import { type Organization, startWorld } from '../../support/world.ts'
import { launchBehindCaddy } from '../harness.ts'
import { Visitor } from '../visitor.ts'

const executablePath = tool('chromium')
const caddyPath = tool('caddy')

/** `describe`, left out where there is no Chromium or no Caddy. */
export const describeTwoDomains = describe.runIf(executablePath && caddyPath)

export const accountsHost = 'accounts.silver.test'
export const appHost = 'app.customer.test'

/** Every request that a browser made: its address and the address that it came from. */
export type Traffic = { urls: string[]; documents: { path: string; status: number }[] }

/** How often the page "Continue to …" was shown; who is not asked passes through its address without one. */
export const timesAsked = ({ documents }: Traffic) =>
  documents.filter(({ path, status }) => path === '/sign-in/continue' && status === 200).length

/**
 * The real service at https://accounts.silver.test, apps at hosts of their own, a real Caddy before all of them, and a browser
 * that finds them there. Each host's app listens at the port that `ports` names.
 */
export async function startTwoDomains(hosts: readonly string[]) {
  const port = await freePort()
  const servicePort = await freePort()
  const ports: Record<string, number> = {}
  for (const host of hosts) ports[host] = await freePort()
  const originOf = (host: string) => `https://${host}:${port}`
  const accounts = originOf(accountsHost)
  const world = startWorld({
    port: servicePort,
    environment: { PUBLIC_BASE_URL: accounts, TRUSTED_PROXIES: '127.0.0.1' },
  })
  const visitors = new Set<Visitor>()
  let browser: Browser
  let caddy: Awaited<ReturnType<typeof startCaddy>>
  let proxy: Awaited<ReturnType<typeof startFaultProxy>>

  beforeAll(async () => {
    proxy = await startFaultProxy(`http://127.0.0.1:${servicePort}`)
    caddy = await startCaddy({ port, sites: { [accountsHost]: Number(new URL(proxy.url).port), ...ports } })
    browser = await launchBehindCaddy(caddy)
  })
  afterEach(async () => {
    const faults: string[] = []
    for (const visitor of visitors) faults.push(...(await visitor.leave()))
    visitors.clear()
    expect(faults, 'no page may report a fault').toEqual([])
  })
  afterAll(async () => {
    await browser?.close()
    await caddy?.stop()
    await proxy?.stop()
  })

  return {
    world,
    ports,
    originOf,
    accounts,
    get proxy() {
      return proxy
    },
    get rootCertificate() {
      return caddy.rootCertificate
    },

    /** A browser of somebody's own, and what it asks for. */
    async visit(options: BrowserContextOptions = {}) {
      const visitor = await Visitor.in(browser, accounts, options)
      visitors.add(visitor)
      const here = [accountsHost, ...hosts].map((host) => host.replaceAll('.', '\\.')).join('|')
      visitor.expectFault(new RegExp(`^request to https://(${here}):${port}/`))
      const traffic: Traffic = { urls: [], documents: [] }
      visitor.context.on('request', (request) => {
        traffic.urls.push(request.url(), request.headers().referer ?? '')
      })
      visitor.context.on('response', (response) => {
        if (response.request().resourceType() !== 'document') return
        traffic.documents.push({ path: new URL(response.url()).pathname, status: response.status() })
      })
      return { visitor, traffic }
    },

    /** A project whose app is at these addresses. The session cookie is Secure here, so its owner makes it with a token. */
    async project(organization: Organization, body: Record<string, unknown>) {
      const owner = world.withBearer(organization.owner.accessToken)
      const answer = await owner.post(`/v1/orgs/${organization.id}/projects`, body)
      expect(answer.status).toBe(201)
      const { project, secretKey } = answer.body
      return {
        id: project.id as string,
        name: project.name as string,
        publishableKey: project.publishableKey as string,
        secretKey: secretKey as string,
      }
    },
  }
}

export type TwoDomains = Awaited<ReturnType<typeof startTwoDomains>>
export type AppProject = Awaited<ReturnType<TwoDomains['project']>>
