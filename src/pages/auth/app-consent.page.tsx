import { AuthLayout, type Brand } from '../layouts/auth-layout.tsx'
import type { PageContext } from '../layouts/document.tsx'
import { Button } from '../ui/button.tsx'
import { Form } from '../ui/form.tsx'
import { Small, TextLink, UserText } from '../ui/text.tsx'
import { safeUrl, urls } from '../urls.ts'

export type AppConsentPageProps = {
  context: PageContext
  brand: Brand
  email: string
  /** Who offers the app, and where it is: a name alone can be anybody's. */
  organization: string
  host: string
  hidden: Readonly<Record<string, string>>
  /** Sign-in for the same app with another account. */
  signInUrl: string
  /** The app's address, told that the person did not want to. */
  cancelUrl: string
}

/** Asks a person, once per app, whether the app may know them. */
export const AppConsentPage = (props: AppConsentPageProps) => {
  const { context, brand, email, organization, host, hidden, signInUrl, cancelUrl } = props
  return (
    <AuthLayout
      context={context}
      brand={brand}
      title={`Continue to ${brand.name}`}
      text={
        <>
          An app of <UserText>{organization}</UserText> at <UserText>{host}</UserText>
        </>
      }
    >
      <Small>
        The app and its organization get to know your name, your email address, and the device and network
        address you sign in from, not where else you sign in.
      </Small>
      <Form id="app-consent" action={urls.continueSignIn()} hidden={hidden}>
        <Button look="primary" wide>
          Continue as <UserText>{email}</UserText>
        </Button>
      </Form>
      <Small>
        <TextLink href={urls.signOut(signInUrl)}>Use another account</TextLink>
      </Small>
      <Small>
        <TextLink href={safeUrl(cancelUrl) ?? urls.account()}>Cancel</TextLink>
      </Small>
    </AuthLayout>
  )
}
