import { AuthLayout } from '../layouts/auth-layout.tsx'
import type { PageContext } from '../layouts/document.tsx'
import { Or, Stack } from '../ui/arrange.tsx'
import { Button, LinkButton } from '../ui/button.tsx'
import type { Errors } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { Banner, Note } from '../ui/note.tsx'
import { Small, TextLink, Time, UserText } from '../ui/text.tsx'
import { urls } from '../urls.ts'
import type { AccountField } from './account-fields.tsx'
import { InviteAccountForm } from './invite-account.page.tsx'

/** Who looks at the invitation, as far as it concerns them. */
export type InviteVisitor =
  | { kind: 'nobody'; offersAccount: boolean }
  | { kind: 'fits'; userId: string; email: string; mayDecline: boolean }
  | { kind: 'unverified' | 'other' | 'member'; email: string }

export type InvitePageProps = {
  context: PageContext
  csrfToken: string
  token: string
  organization: string
  role: keyof typeof asRole
  inviter: string | null
  /** Whom alone it is for. */
  email: string | null
  expiresAt: Date
  visitor: InviteVisitor
  values?: Errors<Exclude<AccountField, 'password'>> | undefined
  errors?: Errors<AccountField> | undefined
  banner?: string | undefined
}

const asRole = {
  owner: 'as an owner',
  admin: 'as an admin',
  billing: 'to manage its billing',
  member: 'as a member',
  viewer: 'as a viewer',
} as const

/** What a link invites to, for whoever opens it. Looking at it spends nothing. */
export const InvitePage = (props: InvitePageProps) => {
  const { context, organization, role, inviter, email, expiresAt, visitor, banner } = props
  return (
    <AuthLayout
      context={context}
      icon="building"
      title={`Join ${organization}`}
      text={
        <>
          {inviter ? <UserText>{inviter}</UserText> : 'Somebody there'} invites you {asRole[role]}
        </>
      }
    >
      {banner && <Banner text={banner} />}
      {email && visitor.kind !== 'member' && (
        <Note>
          This invitation is for <UserText>{email}</UserText> alone
        </Note>
      )}
      <Choice {...props} />
      <Small quiet>
        The link expires <Time at={expiresAt} />
      </Small>
    </AuthLayout>
  )
}

const Choice = (props: InvitePageProps) => {
  const { visitor, token } = props
  switch (visitor.kind) {
    case 'nobody':
      return <ForNobody {...props} offersAccount={visitor.offersAccount} />
    case 'fits':
      return <ForOne {...props} visitor={visitor} />
    case 'member':
      return (
        <>
          <Note tone="ok">
            You are a member already, as <UserText>{visitor.email}</UserText>
          </Note>
          <LinkButton look="primary" wide href={urls.console()}>
            Go to the console
          </LinkButton>
          <OtherAccount token={token} />
        </>
      )
    default:
      return (
        <>
          <Note tone="warn">
            You are signed in as <UserText>{visitor.email}</UserText>
            {visitor.kind === 'unverified' && ', and this address is not verified yet'}
          </Note>
          <OtherAccount token={token} />
        </>
      )
  }
}

const ForNobody = (props: InvitePageProps & { offersAccount: boolean }) => {
  const { token, csrfToken, values, errors, offersAccount } = props
  const signIn = (
    <LinkButton look={offersAccount ? 'secondary' : 'primary'} wide href={urls.signIn(urls.invite(token))}>
      Sign in to join
    </LinkButton>
  )
  if (!offersAccount) return signIn
  return (
    <>
      <InviteAccountForm token={token} csrfToken={csrfToken} values={values} errors={errors} />
      <Or />
      {signIn}
    </>
  )
}

type Fits = Extract<InviteVisitor, { kind: 'fits' }>

const ForOne = ({ token, csrfToken, visitor }: InvitePageProps & { visitor: Fits }) => {
  const hidden = { csrf_token: csrfToken, user_id: visitor.userId }
  return (
    <>
      <Stack tight>
        <Form id="accept-invite" action={urls.acceptInvite(token)} hidden={hidden}>
          <Button look="primary" wide>
            Accept as <UserText>{visitor.email}</UserText>
          </Button>
        </Form>
        {visitor.mayDecline && (
          <Form id="decline-invite" action={urls.declineInvite(token)} hidden={hidden}>
            <Button wide>Decline</Button>
          </Form>
        )}
      </Stack>
      <OtherAccount token={token} />
    </>
  )
}

const OtherAccount = ({ token }: { token: string }) => (
  <Small>
    <TextLink href={urls.signOut(urls.signIn(urls.invite(token)))}>Use another account</TextLink>
  </Small>
)
