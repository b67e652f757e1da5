import { Button } from '../ui/button.tsx'
import { type Errors, Field, firstToFix } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { PasswordField } from '../ui/inputs.tsx'
import { urls } from '../urls.ts'

const order = ['display_name', 'email', 'password'] as const

export type AccountField = (typeof order)[number]

type Props = {
  token: string
  csrfToken: string
  values?: Errors<Exclude<AccountField, 'password'>> | undefined
  errors?: Errors<AccountField> | undefined
}

/** The account of a new person who joins by a link: as at sign-up, but for an organization of their own. */
export const InviteAccountForm = ({ token, csrfToken, values = {}, errors = {} }: Props) => {
  const focus = firstToFix(errors, order)
  return (
    <Form id="invite-account" action={urls.signUpByInvite(token)} hidden={{ csrf_token: csrfToken }}>
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
      <Button look="primary" wide>
        Create account and join
      </Button>
    </Form>
  )
}
