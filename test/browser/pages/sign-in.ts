import type { Locator } from 'playwright-core'
import { Screen } from './screen.ts'

export class SignInPage extends Screen {
  goto = (query = '') => this.page.goto(`/sign-in${query}`)

  get email(): Locator {
    return this.field('Email address')
  }

  /** Not a text box for assistive technology, so it goes by its label. */
  get password(): Locator {
    return this.page.getByLabel('Password', { exact: true })
  }

  async signIn(email: string, password: string) {
    await this.email.fill(email)
    await this.password.fill(password)
    await this.press('Sign in')
  }
}

export class SignUpPage extends SignInPage {
  override goto = (query = '') => this.page.goto(`/sign-up${query}`)

  async signUp(person: { name: string; email: string; password: string; organization: string }) {
    await this.field('Your name').fill(person.name)
    await this.email.fill(person.email)
    await this.password.fill(person.password)
    await this.field('Organization').fill(person.organization)
    await this.press('Create account')
  }
}

export class InvitePage extends SignInPage {
  async signUp(person: { name: string; email: string; password: string }) {
    await this.field('Your name').fill(person.name)
    await this.email.fill(person.email)
    await this.password.fill(person.password)
    await this.press('Create account and join')
  }

  accept = (email: string): Promise<void> => this.press(`Accept as ${email}`)
}
