import { AuthLayout } from '../layouts/auth-layout.tsx'
import type { PageContext } from '../layouts/document.tsx'
import { LinkButton } from '../ui/button.tsx'
import { UserText } from '../ui/text.tsx'
import { urls } from '../urls.ts'

const titles = {
  unknown: 'This link opens nothing',
  accepted: 'This invitation was used already',
  revoked: 'This invitation was withdrawn',
  expired: 'This invitation has expired',
  declined: 'You declined the invitation',
} as const

export type InviteEndedPageProps = {
  context: PageContext
  ending: keyof typeof titles
  /** Which organization it was for; nobody learns of one by a link that is unknown. */
  organization?: string | undefined
}

/** What became of an invitation that nobody can accept any more. */
export const InviteEndedPage = ({ context, ending, organization }: InviteEndedPageProps) => (
  <AuthLayout
    context={context}
    icon={ending === 'declined' ? 'circleCheck' : 'warning'}
    title={titles[ending]}
    text={
      organization === undefined ? (
        'It is incomplete, or a newer one has taken its place. Ask who invited you.'
      ) : ending === 'declined' ? (
        <>
          Nothing has changed for you at <UserText>{organization}</UserText>
        </>
      ) : (
        <>
          Ask for a new one at <UserText>{organization}</UserText>
        </>
      )
    }
  >
    <LinkButton look="primary" wide href={urls.console()}>
      Go to the console
    </LinkButton>
  </AuthLayout>
)
