import { AuthLayout, type Brand } from '../layouts/auth-layout.tsx'
import type { PageContext } from '../layouts/document.tsx'
import { Button, LinkButton } from '../ui/button.tsx'
import { Form } from '../ui/form.tsx'
import { Small, TextLink, UserText } from '../ui/text.tsx'
import { urls } from '../urls.ts'

export type SignOutPageProps = {
  context: PageContext
  brand?: Brand | undefined
  email: string
  /** Where "Cancel" leads: a validated path. */
  back: string
  redirectUrl?: string | undefined
}

export const SignOutPage = ({ context, brand, email, back, redirectUrl }: SignOutPageProps) => (
  <AuthLayout
    context={context}
    brand={brand}
    icon="logOut"
    title="Sign out"
    text={
      <>
        You are signed in as <UserText>{email}</UserText>
      </>
    }
  >
    <Form id="sign-out" action={urls.logout()} hidden={{ redirect_url: redirectUrl }}>
      <Button look="primary" wide name="scope" value="browser">
        Sign out of this browser
      </Button>
      <Button wide name="scope" value="everywhere">
        Sign out everywhere
      </Button>
    </Form>
    <Small quiet>Everywhere ends your sessions on all devices.</Small>
    <Small>
      <TextLink href={back}>Stay signed in</TextLink>
    </Small>
  </AuthLayout>
)

export type SignedOutPageProps = {
  context: PageContext
  brand?: Brand | undefined
  everywhere: boolean
  redirectUrl?: string | undefined
}

export const SignedOutPage = ({ context, brand, everywhere, redirectUrl }: SignedOutPageProps) => (
  <AuthLayout
    context={context}
    brand={brand}
    icon="circleCheck"
    title="You are signed out"
    text={
      everywhere
        ? 'All your sessions have ended, on every device.'
        : 'Your session in this browser has ended.'
    }
  >
    <LinkButton look="primary" wide href={urls.signIn(redirectUrl)}>
      Sign in again
    </LinkButton>
  </AuthLayout>
)
