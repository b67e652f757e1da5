import { Button } from '../ui/button.tsx'
import { type Errors, firstToFix } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { urls } from '../urls.ts'
import { type AccountField, AccountFields, accountFields } from './account-fields.tsx'

type Props = {
  token: string
  csrfToken: string
  values?: Errors<Exclude<AccountField, 'password'>> | undefined
  errors?: Errors<AccountField> | undefined
}

/** The account of a new person who joins by a link: as at sign-up, but for an organization of their own. */
export const InviteAccountForm = ({ token, csrfToken, values = {}, errors = {} }: Props) => (
  <Form id="invite-account" action={urls.signUpByInvite(token)} hidden={{ csrf_token: csrfToken }}>
    <AccountFields values={values} errors={errors} focus={firstToFix(errors, accountFields)} />
    <Button look="primary" wide>
      Create account and join
    </Button>
  </Form>
)
