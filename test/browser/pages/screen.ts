import type { Locator, Page } from 'playwright-core'
import type { Visitor } from '../visitor.ts'

/** What page objects share: they find things as people do, by role and name. */
export class Screen {
  readonly visitor: Visitor
  readonly page: Page

  /** In the visitor's first page, or in another of theirs. */
  constructor(visitor: Visitor, page = visitor.page) {
    this.visitor = visitor
    this.page = page
  }

  get heading(): Locator {
    return this.page.getByRole('heading', { level: 1 })
  }

  get alert(): Locator {
    return this.page.getByRole('alert')
  }

  field = (name: string): Locator => this.page.getByRole('textbox', { name })
  link = (name: string): Locator => this.page.getByRole('link', { name })
  button = (name: string): Locator => this.page.getByRole('button', { name, exact: true })

  follow = (name: string): Promise<void> => this.visitor.press(this.link(name))
  press = (name: string): Promise<void> => this.visitor.press(this.button(name))
}
