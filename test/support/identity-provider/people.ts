/** Somebody with an account at the provider. What is left out is what Authentik says by default. */
export type Person = {
  sub: string
  email?: string
  emailVerified?: boolean
  name?: string
  groups?: string[]
  amr?: string[]
}

export type People = Map<string, Person>

/** The constant `acr` of every sign-in at Authentik. */
export const acr = 'goauthentik.io/providers/oauth2/default'

/** The person whose subject or e-mail address was typed into the form. */
export function findPerson(people: People, login: string): Person | undefined {
  return people.get(login) ?? [...people.values()].find(({ email }) => email === login)
}

export const amrOf = (person: Person): string[] => person.amr ?? ['pwd']

/** All that the scopes `email` and `profile` may tell; groups are direct ones, by name. */
export function claimsOf(person: Person) {
  return {
    sub: person.sub,
    ...(person.email === undefined
      ? {}
      : { email: person.email, email_verified: person.emailVerified ?? false }),
    ...(person.name === undefined ? {} : { name: person.name }),
    preferred_username: person.email ?? person.sub,
    groups: person.groups ?? [],
  }
}
