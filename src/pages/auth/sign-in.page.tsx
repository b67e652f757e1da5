import { AuthLayout, type Brand } from '../layouts/auth-layout.tsx'
import type { PageContext } from '../layouts/document.tsx'
import { Or } from '../ui/arrange.tsx'
import { Button, LinkButton } from '../ui/button.tsx'
import { type Errors, Field, firstToFix } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { PasswordField } from '../ui/inputs.tsx'
import { Banner } from '../ui/note.tsx'
import { Small, TextLink } from '../ui/text.tsx'
import { urls } from '../urls.ts'

export type SignInPageProps = {
  context: PageContext
  brand?: Brand | undefined
  csrfToken: string
  /** Where to go afterwards, as the server has validated it. */
  redirectUrl?: string | undefined
  values?: { email?: string | undefined } | undefined
  errors?: Errors<'email' | 'password'> | undefined
  /** Where sign-in through the identity provider begins, where there is one. */
  singleSignOnUrl?: string | undefined
  /** What is wrong with the attempt as a whole, in words that do not tell whether the account exists. */
  banner?: string | undefined
}

export const SignInPage = (props: SignInPageProps) => {
  const { context, brand, csrfToken, redirectUrl, values = {}, errors = {}, singleSignOnUrl, banner } = props
  const focus = values.email && !errors.email ? 'password' : firstToFix(errors, ['email', 'password'])
  return (
    <AuthLayout context={context} brand={brand} title={`Sign in to ${brand?.name ?? 'Silver Auth'}`}>
      {banner && <Banner text={banner} />}
      {singleSignOnUrl && (
        <>
          <LinkButton wide icon="key" href={singleSignOnUrl}>
            Continue with single sign-on
          </LinkButton>
          <Or />
        </>
      )}
      <Form id="sign-in" action={urls.signIn()} hidden={{ csrf_token: csrfToken, redirect_url: redirectUrl }}>
        <Field
          name="email"
          label="Email address"
          type="email"
          autocomplete="username"
          value={values.email}
          error={errors.email}
          autofocus={focus === 'email'}
        />
        <PasswordField
          name="password"
          label="Password"
          autocomplete="current-password"
          error={errors.password}
          autofocus={focus === 'password'}
        />
        <Button look="primary" wide>
          Sign in
        </Button>
      </Form>
      <Small quiet>
        No account yet? <TextLink href={urls.signUp(redirectUrl)}>Create one</TextLink>
      </Small>
    </AuthLayout>
  )
}
