import { ConsoleLayout, type Shell } from '../layouts/console-layout.tsx'
import { LinkButton } from '../ui/button.tsx'
import { PlainCard } from '../ui/card.tsx'
import { Empty } from '../ui/note.tsx'
import { PageHead } from '../ui/page-head.tsx'
import { UserText } from '../ui/text.tsx'
import { urls } from '../urls.ts'

type NoOrganizationPageProps = {
  shell: Shell
  /** Where somebody who may be a platform admin shows the second factor that this takes. */
  stepUpUrl?: string | undefined
}

/** For a person who belongs to no organization (any more). */
export const NoOrganizationPage = ({ shell, stepUpUrl }: NoOrganizationPageProps) => (
  <ConsoleLayout shell={shell} title={['No organization']} crumbs={[{ label: 'Console' }]}>
    <PageHead title="No organization" text="Projects, keys and people belong to an organization." />
    <PlainCard>
      <Empty
        icon="building"
        title="You belong to no organization"
        action={
          <>
            <LinkButton href={urls.signOut(urls.signIn())} leaves>
              Use another account
            </LinkButton>
            {stepUpUrl && (
              <LinkButton href={stepUpUrl} leaves>
                Confirm with a second factor
              </LinkButton>
            )}
          </>
        }
      >
        Ask an owner or admin to invite <UserText>{shell.person.email}</UserText>, or sign in with the account
        that is a member.
        {stepUpUrl && ' Whoever administers this service confirms with a second factor first.'}
      </Empty>
    </PlainCard>
  </ConsoleLayout>
)
