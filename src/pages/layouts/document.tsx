import type { ComponentChildren } from 'preact'
import type { Assets } from '../assets.ts'
import { visible } from '../format.ts'

export type Theme = 'light' | 'dark'

/** What every page needs from the server, whatever it shows. */
export type PageContext = {
  assets: Assets
  /** From the cookie `theme`; undefined follows the system. */
  theme: Theme | undefined
  /** Differs between deployments: a page of another build than the running script's is loaded whole. */
  build: string
}

export type Page = PageContext & { title: string }

/** "Page · Project · Silver Auth". */
export const titled = (...parts: readonly string[]): string =>
  [...parts, 'Silver Auth'].map(visible).join(' · ')

type Props = { page: Page; stylesheet?: string | undefined; children: ComponentChildren }

/** The document around a `<body>`; the caller writes the doctype. */
export const Document = ({ page, stylesheet, children }: Props) => (
  <html lang="en" data-theme={page.theme}>
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content={page.theme ?? 'light dark'} />
      <meta name="robots" content="noindex" />
      <title>{page.title}</title>
      <link rel="preload" href={page.assets.font} as="font" type="font/woff2" crossorigin="anonymous" />
      <link rel="stylesheet" href={page.assets.css} />
      {stylesheet && <link rel="stylesheet" href={stylesheet} />}
      <link rel="icon" href={page.assets.icon} type="image/svg+xml" />
      <script type="module" src={page.assets.script} />
    </head>
    {children}
  </html>
)

/** Where the script says what happened to those who cannot see it, such as "Copied". */
export const Announcer = () => <p id="announcer" class="sr-only announcer" role="status" />
