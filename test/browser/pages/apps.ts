import type { Visitor } from '../visitor.ts'
import { Screen } from './screen.ts'

/** Asks an outsider whether an app may know them. */
export class ConsentPage extends Screen {
  goOnAs = (email: string): Promise<void> => this.press(`Continue as ${email}`)
}

export class SignOutPage extends Screen {
  signOut = (): Promise<void> => this.press('Sign out of this browser')
}

type Held = { sessionToken: string; accessToken: string; signedInAt: number }
const cookieName = '__Host-seqn_auth'

/** The Express example. */
export class ExpressApp extends Screen {
  open = (path = '/') => this.page.goto(path)

  hello = (who: string): Promise<void> => this.heading.getByText(`Hello ${who}`).waitFor()

  async cookie(): Promise<{ value: string }> {
    const cookies = await this.page.context().cookies()
    return cookies.find(({ name }) => name === cookieName) ?? { value: '' }
  }

  async held(): Promise<Held> {
    return JSON.parse(Buffer.from((await this.cookie()).value, 'base64url').toString() || '{}')
  }

  /** Puts these tokens into the app's own cookie. */
  async hold(tokens: Partial<Held>) {
    const value = Buffer.from(JSON.stringify({ ...(await this.held()), ...tokens })).toString('base64url')
    const url = new URL('/', this.page.url()).href
    const cookie = { name: cookieName, value, url, httpOnly: true, secure: true, sameSite: 'Lax' as const }
    await this.page.context().addCookies([cookie])
  }
}

type Stored = { sessionToken: string; accessToken: string; expiresAt: number }

/** The example without a bundler, in the visitor's page or in another tab. */
export class VanillaApp extends Screen {
  private readonly key: string

  constructor(visitor: Visitor, publishableKey: string, page = visitor.page) {
    super(visitor, page)
    this.key = `seqn_auth:${publishableKey}`
  }

  private says = (text: string): Promise<void> => this.page.getByRole('status').getByText(text).waitFor()

  hello = (who: string): Promise<void> => this.says(`Hello ${who}`)
  signedOut = (): Promise<void> => this.says('You are signed out.')

  async held(): Promise<Stored> {
    return JSON.parse(await this.page.evaluate((key) => localStorage.getItem(key) ?? '{}', this.key))
  }

  /** Puts these tokens into the page's own storage. */
  async hold(tokens: Partial<Stored>) {
    const entry = [this.key, JSON.stringify({ ...(await this.held()), ...tokens })]
    await this.page.evaluate(([key = '', value = '']) => localStorage.setItem(key, value), entry)
  }

  /** Whom as many calls of the SDK at once find signed in. As text, since `import` is rewritten in code that the test runs. */
  askAtOnce = (count: number): Promise<(string | undefined)[]> =>
    this.page.evaluate(`(async () => {
      const { createSeqnAuthClient } = await import('/sdk/index.js')
      const client = createSeqnAuthClient(await (await fetch('/config.json')).json())
      const answers = await Promise.all(Array.from({ length: ${count} }, () => client.getMe()))
      return answers.map((me) => me?.user.email)
    })()`)
}
