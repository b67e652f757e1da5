import { AuthLayout, type Brand } from '../layouts/auth-layout.tsx'
import type { PageContext } from '../layouts/document.tsx'
import { Stack } from '../ui/arrange.tsx'
import { LinkButton } from '../ui/button.tsx'
import { UserText } from '../ui/text.tsx'
import { safeUrl, urls } from '../urls.ts'

export type ContinuePageProps = {
  context: PageContext
  brand?: Brand | undefined
  email: string
  /** Where the person was going, as the server has validated it. */
  continueUrl: string
  /** The address of sign-in to come back to with another account. */
  signInUrl: string
}

/** What sign-in shows to somebody who is signed in already. */
export const ContinuePage = ({ context, brand, email, continueUrl, signInUrl }: ContinuePageProps) => (
  <AuthLayout
    context={context}
    brand={brand}
    title={`Continue to ${brand?.name ?? 'Silver Auth'}`}
    text="You are signed in already."
  >
    <Stack tight>
      <LinkButton look="primary" wide href={safeUrl(continueUrl) ?? urls.console()}>
        Continue as <UserText>{email}</UserText>
      </LinkButton>
      <LinkButton wide href={urls.signOut(signInUrl)}>
        Sign out and use another account
      </LinkButton>
    </Stack>
  </AuthLayout>
)
