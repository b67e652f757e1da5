import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import type axe from 'axe-core'
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { expect } from 'vitest'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** A directory to leave pictures of the checkpoints in, for a person to look at. */
const pictures = process.env.SCREENS

const wide = { width: 1360, height: 900 }
const sizes = [{ width: 390, height: 844 }, wide]
const usual: BrowserContextOptions = { viewport: wide, reducedMotion: 'reduce' }

/** The text of something, once it is there. */
export const textOf = async (what: Locator): Promise<string> => (await what.textContent()) ?? ''

/** Waits for a fact that no locator waits for. */
export const eventually = <Value>(fact: () => Value) => expect.poll(fact, { timeout: 10_000 })

export type VisitOptions = BrowserContextOptions

/** Somebody with a browser, and everything that the browser finds wrong with our pages. */
export class Visitor {
  readonly page: Page
  readonly context: BrowserContext
  readonly origin: string
  private readonly browser: Browser
  private readonly options: VisitOptions
  private judge: Page | undefined
  private readonly faults: string[] = []
  private readonly expected: RegExp[] = []
  private readonly secrets: string[] = []

  private constructor(browser: Browser, page: Page, origin: string, options: VisitOptions) {
    this.browser = browser
    this.page = page
    this.context = page.context()
    this.origin = origin
    this.options = options
  }

  static async in(browser: Browser, origin: string, options: VisitOptions): Promise<Visitor> {
    const context = await browser.newContext({ baseURL: origin, ...usual, ...options })
    context.setDefaultTimeout(10_000)
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin })
    const visitor = new Visitor(browser, await context.newPage(), origin, options)
    await visitor.listen()
    return visitor
  }

  private async listen() {
    const { context, faults } = this
    context.on('console', (message) => {
      if (message.type() === 'error') faults.push(`console: ${message.text()} (${message.location().url})`)
    })
    context.on('weberror', (error) => faults.push(`page error: ${error.error()}`))
    context.on('request', (request) => {
      const { origin, protocol } = new URL(request.url())
      if (origin !== this.origin && !['blob:', 'data:'].includes(protocol))
        faults.push(`request to ${request.url()}`)
    })
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        // biome-ignore lint/suspicious/noConsole: runs in the page, whose console is listened to
        console.error(`policy: ${event.effectiveDirective} ${event.blockedURI}`)
      })
    })
  }

  get hasScripts(): boolean {
    return this.options.javaScriptEnabled !== false
  }

  /** Faults that this test provokes. */
  expectFault(...patterns: RegExp[]) {
    this.expected.push(...patterns)
  }

  /** From here on no page may hold this text anywhere. */
  mayNeverShow(secret: string) {
    this.secrets.push(secret)
  }

  signInAs(person: { cookie: string }) {
    return this.context.addCookies([{ name: 'seqn_session', value: person.cookie, url: this.origin }])
  }

  /** A click, or a tap of a finger where there is no mouse. */
  press = (what: Locator): Promise<void> => (this.options.hasTouch ? what.tap() : what.click())

  /** The path and query of the page. */
  get address(): string {
    const { pathname, search } = new URL(this.page.url())
    return pathname + search
  }

  /** Waits for the page's address to become this. */
  async arrivesAt(address: string | RegExp) {
    if (typeof address === 'string') await eventually(() => this.address).toBe(address)
    else await eventually(() => this.address).toMatch(address)
  }

  focused = (): Locator => this.page.locator(':focus')

  /** Judges the page in the state it is in. */
  async checkpoint(name: string) {
    expect.soft(await this.violations(), `axe: ${name}`).toEqual([])
    const overflow = await this.page.evaluate(() => document.documentElement.scrollWidth)
    const width = this.page.viewportSize()?.width ?? 0
    expect.soft(overflow, `nothing lies outside of ${width} px: ${name}`).toBeLessThanOrEqual(width)
    await this.hidesSecrets(name)
    if (pictures)
      await this.page.screenshot({
        path: path.join(pictures, `${this.hasScripts ? '' : 'plain '}${name.replaceAll(/\W+/g, '-')}.png`),
      })
  }

  /** Judges it in light and dark, on a wide and on a narrow screen; who has a screen of their own sees it on that one. */
  async checkpointEverywhere(name: string) {
    if (!this.hasScripts || this.options.viewport) return this.checkpoint(name)
    for (const size of sizes) {
      await this.page.setViewportSize(size)
      for (const colorScheme of ['dark', 'light'] as const) {
        await this.page.emulateMedia({ colorScheme })
        await this.checkpoint(`${name} ${size.width} ${colorScheme}`)
      }
    }
    await this.page.setViewportSize(wide)
  }

  private async violations(): Promise<string[]> {
    if (this.hasScripts) return runAxe(this.page)
    // Where the page may run no script, axe may not either: the same document is judged where it may, without its own.
    this.judge ??= await this.browser.newPage({ ...usual, ...this.options, javaScriptEnabled: true })
    const page = this.judge
    const body = (await this.page.content()).replaceAll(/<script\b.*?<\/script>/g, '')
    await page.route(this.page.url(), (route) => route.fulfill({ body, contentType: 'text/html' }), {
      times: 1,
    })
    await page.goto(this.page.url())
    return runAxe(page)
  }

  /** Looks for what may not be shown again in the document and in all that the browser keeps of the site. */
  async hidesSecrets(where: string) {
    const places = await this.page.evaluate(() => [
      document.documentElement.outerHTML,
      document.documentElement.textContent,
      location.href,
      JSON.stringify(history.state),
      JSON.stringify({ ...localStorage, ...sessionStorage }),
      ...[...document.querySelectorAll('input, textarea')].map((field) => (field as HTMLInputElement).value),
    ])
    places.push(JSON.stringify(await this.context.cookies()))
    const shown = this.secrets.filter((secret) => places.some((place) => place.includes(secret)))
    expect(shown, `a secret is shown again: ${where}`).toEqual([])
  }

  async leave(): Promise<string[]> {
    await this.judge?.context().close()
    await this.context.close()
    return this.faults.filter((fault) => !this.expected.some((pattern) => pattern.test(fault)))
  }
}

/** By way of the debugger, which no content security policy keeps out. */
async function runAxe(page: Page): Promise<string[]> {
  const isThere = await page.evaluate(() => 'axe' in window)
  if (!isThere) await page.evaluate(axeSource)
  const { violations } = await page.evaluate(() =>
    (window as unknown as { axe: typeof axe }).axe.run({ resultTypes: ['violations'] }),
  )
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}
