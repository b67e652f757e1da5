import { AuthLayout, type Brand } from '../layouts/auth-layout.tsx'
import type { PageContext } from '../layouts/document.tsx'
import { Button } from '../ui/button.tsx'
import { type Errors, Field, firstToFix } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { PasswordField } from '../ui/inputs.tsx'
import { Banner } from '../ui/note.tsx'
import { Small, TextLink } from '../ui/text.tsx'
import { urls } from '../urls.ts'

const order = ['display_name', 'email', 'password', 'organization_name'] as const
type Name = (typeof order)[number]

export type SignUpPageProps = {
  context: PageContext
  brand?: Brand | undefined
  csrfToken: string
  redirectUrl?: string | undefined
  values?: Errors<Exclude<Name, 'password'>> | undefined
  errors?: Errors<Name> | undefined
  banner?: string | undefined
}

export const SignUpPage = (props: SignUpPageProps) => {
  const { context, brand, csrfToken, redirectUrl, values = {}, errors = {}, banner } = props
  const focus = firstToFix(errors, order)
  return (
    <AuthLayout context={context} brand={brand} title="Create your account">
      {banner && <Banner text={banner} />}
      <Form id="sign-up" action={urls.signUp()} hidden={{ csrf_token: csrfToken, redirect_url: redirectUrl }}>
        <Field
          name="display_name"
          label="Your name"
          autocomplete="name"
          value={values.display_name}
          error={errors.display_name}
          autofocus={focus === 'display_name'}
        />
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
          autocomplete="new-password"
          hint="At least 12 characters. A few unrelated words work well."
          error={errors.password}
          autofocus={focus === 'password'}
        />
        <Field
          name="organization_name"
          label="Organization"
          autocomplete="organization"
          hint="Your team or company. You can rename it later."
          value={values.organization_name}
          error={errors.organization_name}
          autofocus={focus === 'organization_name'}
        />
        <Button look="primary" wide>
          Create account
        </Button>
      </Form>
      <Small quiet>
        Already have an account? <TextLink href={urls.signIn(redirectUrl)}>Sign in</TextLink>
      </Small>
    </AuthLayout>
  )
}
