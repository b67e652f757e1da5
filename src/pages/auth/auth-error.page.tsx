import { visible } from '../format.ts'
import { AuthLayout, type Brand } from '../layouts/auth-layout.tsx'
import type { PageContext } from '../layouts/document.tsx'
import { LinkButton } from '../ui/button.tsx'
import { Problem, type ProblemFacts } from '../ui/problem.tsx'
import { UserText } from '../ui/text.tsx'
import { safeUrl, urls } from '../urls.ts'

export type AuthErrorPageProps = {
  context: PageContext
  brand?: Brand | undefined
  title: string
  /** What happened, in our own words: never the provider's. */
  text: string
  /** One thing to try. */
  suggestion: string
  back?: { label: string; href: string } | undefined
} & ProblemFacts

/** An error outside of the console: while signing in, or where nobody is signed in. */
export const AuthErrorPage = (props: AuthErrorPageProps) => {
  const { context, brand, title, text, suggestion, back, ...facts } = props
  return (
    <AuthLayout
      context={context}
      brand={brand}
      icon="warning"
      title={title}
      text={<UserText>{text}</UserText>}
    >
      <Problem suggestion={suggestion} {...facts} />
      <LinkButton look="primary" wide href={(back && safeUrl(back.href)) ?? urls.signIn()}>
        {visible(back?.label ?? 'Back to sign-in')}
      </LinkButton>
    </AuthLayout>
  )
}
