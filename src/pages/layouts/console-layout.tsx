import type { ComponentChildren } from 'preact'
import type { Flash } from '../ui/toast.tsx'
import { FlashPlace, ToastHost } from '../ui/toast.tsx'
import { ConsoleHeader } from './console-header.tsx'
import { ConsoleRail } from './console-rail.tsx'
import { Announcer, Document, type PageContext, titled } from './document.tsx'
import type { Section } from './navigation.ts'

/** What surrounds every page of the console: who looks, at which organization, and from where. */
export type Shell = {
  context: PageContext
  person: { name: string; email: string }
  /** The organization of the address; undefined where the person belongs to none. */
  organization: { slug: string; name: string; planName: string } | undefined
  /** All that the person may switch to, the present one among them. */
  organizations: readonly { slug: string; name: string }[]
  /** Path and query of this page, to come back to after choosing a theme. */
  address: string
  flash?: Flash | undefined
}

/** The shell of a page that belongs to an organization. */
export type OrganizationShell = Shell & { organization: NonNullable<Shell['organization']> }

export type Crumb = { label: string; href?: string }

type Props = {
  shell: Shell
  /** From the page outwards: `['Keys', 'Acme web']`. */
  title: readonly string[]
  section?: Section | undefined
  crumbs: readonly Crumb[]
  dialog?: ComponentChildren
  children: ComponentChildren
}

const boost = {
  'hx-boost:inherited': 'true',
  'hx-target:inherited': '#app',
  'hx-select:inherited': '#app',
  'hx-swap:inherited': 'outerMorph show:none',
}

export const ConsoleLayout = ({ shell, title, section, crumbs, dialog, children }: Props) => {
  const { context, organization, flash } = shell
  return (
    <Document page={{ ...context, title: titled(...title) }}>
      <body {...boost}>
        <a href="#main" class="skip">
          Skip to content
        </a>
        <div id="app" data-build={context.build}>
          <div class="shell">
            <ConsoleRail organization={organization} organizations={shell.organizations} section={section} />
            <div>
              <ConsoleHeader shell={shell} crumbs={crumbs} />
              <main id="main" class="main" tabIndex={-1}>
                {children}
              </main>
            </div>
          </div>
          {dialog}
          <FlashPlace flash={flash} />
        </div>
        <ToastHost />
        <Announcer />
      </body>
    </Document>
  )
}
