import type { Locator } from 'playwright-core'
import { Console } from './console.ts'

export class ProjectKeysPage extends Console {
  goto = (org: string, project: string, query = '') =>
    this.page.goto(`/auth/console/${org}/projects/${project}/keys${query}`)

  get publishableKey(): Locator {
    return this.page.getByRole('region', { name: 'Publishable key' }).getByRole('code')
  }

  /** The row of the key that starts like this. */
  row = (key: string): Locator => this.page.getByRole('row').filter({ hasText: key.slice(0, 16) })

  get secretDialog(): Locator {
    return this.dialogNamed('Save the secret key')
  }

  get secret(): Locator {
    return this.secretDialog.getByText(/^sk_live_[0-9a-z]{48}$/)
  }

  /** Takes the secret down and closes its dialog, as its button says. */
  saved = () => this.follow('I saved the secret')

  chooseOverlap = (overlap: 'Now' | '1 hour' | '24 hours' | '7 days') =>
    this.visitor.press(this.dialog.getByRole('radio', { name: new RegExp(`^${overlap}`) }))

  async revoke(key: string) {
    await this.visitor.press(this.row(key).getByRole('link', { name: /^Revoke/ }))
    await this.dialogNamed('Revoke secret key').waitFor()
  }
}
