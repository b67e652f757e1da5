import type { ComponentChildren } from 'preact'
import { Emblem } from '../ui/emblem.tsx'
import type { IconName } from '../ui/icon.tsx'
import { UserText } from '../ui/text.tsx'
import { Announcer, Document, type PageContext, titled } from './document.tsx'

/** Whose sign-in this is: a project's, or, when absent, that of the service itself. */
export type Brand = { name: string; stylesheet?: string | undefined }

export type AuthLayoutProps = {
  context: PageContext
  brand?: Brand | undefined
  /** Shown in place of the brand where the page tells of something that happened. */
  icon?: IconName
  title: string
  text?: ComponentChildren
  children: ComponentChildren
}

export const AuthLayout = ({ context, brand, icon, title, text, children }: AuthLayoutProps) => (
  <Document
    page={{ ...context, title: brand ? titled(title, brand.name) : titled(title) }}
    stylesheet={brand?.stylesheet}
  >
    <body class="alone">
      <main>
        <header>
          <Emblem brand={brand?.name} icon={icon} />
          <div>
            <h1>
              <UserText>{title}</UserText>
            </h1>
            {text && <p>{text}</p>}
          </div>
        </header>
        {children}
      </main>
      <footer>Secured by Silver Auth</footer>
      <Announcer />
    </body>
  </Document>
)
