import type { Locator } from 'playwright-core'
import { Screen } from './screen.ts'

/** What surrounds every page of the console. */
export class Console extends Screen {
  get main(): Locator {
    return this.page.getByRole('main')
  }

  get dialog(): Locator {
    return this.page.getByRole('dialog')
  }

  /** What the service said after the last form: a toast, or without scripts a line on the page. */
  get said(): Locator {
    return this.page.getByRole('status')
  }

  dialogNamed = (name: string | RegExp): Locator => this.page.getByRole('dialog', { name })

  async openMenu(name: 'Theme' | 'Account' | 'Navigation') {
    await this.visitor.press(
      this.page.getByRole('button', { name: name === 'Account' ? /^Account of/ : name }),
    )
  }

  async signOut() {
    await this.openMenu('Account')
    await this.follow('Sign out')
    await this.press('Sign out of this browser')
  }
}
