import { type Errors, Field } from '../ui/field.tsx'
import { PasswordField } from '../ui/inputs.tsx'

/** In the order of the form. */
export const accountFields = ['display_name', 'email', 'password'] as const

export type AccountField = (typeof accountFields)[number]

type Props = {
  values: Errors<Exclude<AccountField, 'password'>>
  errors: Errors<AccountField>
  focus: string | undefined
}

/** Who a new person is: what sign-up and an invitation both ask. */
export const AccountFields = ({ values, errors, focus }: Props) => (
  <>
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
  </>
)
