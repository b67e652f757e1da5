/** Why somebody who comes back from a provider is not signed in; a page says it in words of ours. */
export type RefusalCode =
  | 'sign_in_expired'
  | 'provider_refused'
  | 'answer_refused'
  | 'email_missing'
  | 'email_in_use'
  | 'account_disabled'
  | 'other_account'

/** Ends a sign-in through a provider. The message is for the log; `userId` is the person, where one was recognised. */
export class SignInRefused extends Error {
  override readonly name = 'SignInRefused'
  readonly code: RefusalCode
  readonly userId: string | null

  constructor(code: RefusalCode, message: string, userId: string | null = null) {
    super(message)
    this.code = code
    this.userId = userId
  }
}
