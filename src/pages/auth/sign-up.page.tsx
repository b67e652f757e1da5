import { AuthLayout, type Brand } from '../layouts/auth-layout.tsx'
import type { PageContext } from '../layouts/document.tsx'
import { Button } from '../ui/button.tsx'
import { type Errors, Field, firstToFix } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { Banner } from '../ui/note.tsx'
import { Small, TextLink } from '../ui/text.tsx'
import { urls } from '../urls.ts'
import { AccountFields, accountFields } from './account-fields.tsx'

const order = [...accountFields, 'organization_name'] as const
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
        <AccountFields values={values} errors={errors} focus={focus} />
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
