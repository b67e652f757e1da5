import { expect } from 'vitest'
import { ProjectsPage } from './pages/projects.ts'
import { SignInPage, SignUpPage } from './pages/sign-in.ts'
import type { Visitor } from './visitor.ts'

export type Member = { slug: string; email: string; password: string }

let count = 0

/** Anonymous at the console, by way of sign-in to sign-up, and into the console; with a password that is too short first. */
export async function signUpFromConsole(visitor: Visitor): Promise<Member> {
  const password = 'correct-horse-battery'
  const email = `new${++count}@example.com`
  const person = { name: 'Ada Lovelace', email, organization: `Analytical ${count}` }
  await visitor.page.goto('/auth/console')
  const signIn = new SignInPage(visitor)
  await signIn.heading.getByText('Sign in to Silver Auth').waitFor()
  await signIn.follow('Create one')

  const signUp = new SignUpPage(visitor)
  await signUp.heading.getByText('Create your account').waitFor()
  await visitor.checkpointEverywhere('sign up')
  visitor.expectFault(/status of 422/)
  await signUp.signUp({ ...person, password: 'short' })
  await signUp.page
    .getByText(/at least 12|too short|12 characters/i)
    .nth(1)
    .waitFor()
  expect(await visitor.focused().getAttribute('type')).toBe('password')
  expect(await signUp.email.inputValue()).toBe(email)
  expect(await signUp.password.inputValue()).toBe('')
  await visitor.checkpointEverywhere('sign up refused')
  await signUp.signUp({ ...person, password })

  await new ProjectsPage(visitor).heading.getByText('Projects').waitFor()
  const slug = /^\/auth\/console\/([^/]+)\/projects$/.exec(visitor.address)?.[1] ?? ''
  expect(slug).not.toBe('')
  return { slug, email, password }
}
