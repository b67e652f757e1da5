import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import { randomToken, sha256 } from '../../src/lib/secrets.ts'
import { hiddenFields } from './browserless.ts'
import type { Answer } from './http.ts'
import type { Organization, Person, Project, World } from './world.ts'

export const callback = 'https://app.customer.test/callback'
export const appOrigin = 'https://app.customer.test'

export const continuePath = '/sign-in/continue'

/** A project whose app lives at `app.customer.test`. */
export const makeApp = (world: World, organization: Organization, body: Record<string, unknown> = {}) =>
  world.project(organization, { redirectUrls: [callback], origins: [appOrigin], ...body })

/** What an app keeps and sends when it starts a sign-in. */
export function departure(project: Project, overrides: Record<string, string | undefined> = {}) {
  const codeVerifier = randomToken()
  const query = {
    publishable_key: project.publishableKey,
    redirect_url: callback,
    state: randomBytes(8).toString('hex'),
    code_challenge: sha256(codeVerifier).toString('base64url'),
    ...overrides,
  }
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const search = new URLSearchParams(given).toString()
  return { codeVerifier, query, search, path: `${continuePath}?${search}` }
}

export type Departure = ReturnType<typeof departure>

/** Posts a form as our own page in this person's browser does. */
export const postForm = (person: Person, path: string, fields: Record<string, string>) =>
  person.call({
    method: 'POST',
    path,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'sec-fetch-site': 'same-origin',
    },
    body: new URLSearchParams(fields).toString(),
  })

/** Presses Continue, if that is what the page asks; the answer leads to the app. */
export async function goOn(person: Person, { path }: Departure): Promise<Answer> {
  const answer = await person.get(path)
  if (answer.status !== 200) return answer
  return postForm(person, continuePath, hiddenFields(answer.text, continuePath))
}

/** The parameters that the browser carries to the app. */
export function arrival(answer: Answer): { code: string; state: string; url: string } {
  expect(answer.status).toBe(302)
  const url = new URL(answer.headers.location ?? '')
  const { code = '', state = '' } = Object.fromEntries(url.searchParams)
  return { code, state, url: url.origin + url.pathname }
}

export type AppSession = {
  sessionToken: string
  accessToken: string
  expiresIn: number
  user: { id: string }
  organization: unknown
}

/** A code for this person in this project, with everything that its exchange needs. */
export async function exchangeFor(person: Person, project: Project) {
  const left = departure(project)
  const { code } = arrival(await goOn(person, left))
  expect(code).toMatch(/^[\w-]{43}$/)
  return { code, codeVerifier: left.codeVerifier, redirectUrl: callback }
}

export const exchange = (world: World, project: Project, body: unknown) =>
  world.withPublishableKey(project.publishableKey).post('/v1/client/sessions/exchange', body)

/** Signs the person in to the project, as far as the app's own tokens. */
export async function signInTo(world: World, project: Project, person: Person): Promise<AppSession> {
  const answer = await exchange(world, project, await exchangeFor(person, project))
  expect(answer.status).toBe(200)
  return answer.body
}

export const refresh = (world: World, project: Project, sessionToken: string) =>
  world.withPublishableKey(project.publishableKey).post('/v1/client/sessions/refresh', { sessionToken })

export const revoke = (world: World, project: Project, sessionToken: string) =>
  world.withPublishableKey(project.publishableKey).post('/v1/client/sessions/revoke', { sessionToken })

export const verify = (world: World, project: Project, token: string) =>
  world.withBearer(project.secretKey).post('/v1/backend/sessions/verify', { token })

/** Whether the project's own key finds the session alive. */
export const isActive = async (world: World, project: Project, { accessToken }: AppSession) =>
  (await verify(world, project, accessToken)).body.active as boolean
