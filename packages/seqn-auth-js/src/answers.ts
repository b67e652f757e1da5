/** What the service tells a browser about a project: `GET /v1/client/config`. */
export type PublicConfig = {
  application: { id: string; slug: string; name: string; publishableKey: string; status: string }
  organization: { slug: string; name: string }
  auth: {
    signInUrl: string
    signUpUrl: string
    afterSignInUrl: string | null
    afterSignUpUrl: string | null
  }
  oidc: { issuer: string; clientId: string } | null
  oauth: { sharedDevelopment: OAuthMode; production: OAuthMode }
}

/** Whose credentials a social sign-in uses. */
export type OAuthMode = { mode: string; provider: string; credentialsRequired: boolean }

/** The answer to a valid secret key: `GET /v1/backend/application`. */
export type BackendKeyHealth = {
  ok: boolean
  application: { id: string; slug: string; name: string; status: string; secretKeyPrefix: string }
  organization: { slug: string; name: string }
  checkedAt: string
}

/** A person, as the service shows them to an app. */
export type SeqnAuthUser = {
  id: string
  email: string
  emailVerified: boolean
  name: string | null
  avatarUrl: string | null
  createdAt: string
}

/** The project's own organization and the person's role in it. */
export type SeqnAuthOrganization = { id: string; slug: string; role: string }

/** The answer of the exchange and of a refresh. */
export type SessionAnswer = {
  sessionToken: string
  accessToken: string
  /** Seconds until the access token ends. */
  expiresIn: number
  user: SeqnAuthUser
  organization: SeqnAuthOrganization | null
}

/** The signed-in person with this project's organization: `GET /v1/me`. */
export type Me = {
  user: SeqnAuthUser
  organizations: {
    id: string
    slug: string
    name: string
    role: string
    subscription: { planKey: string; status: string }
  }[]
  session: {
    id: string
    createdAt: string
    expiresAt: string
    authMethod: string
    aal: number
    mfaVerifiedAt: string | null
  }
  platformAdmin: boolean
}

/** The answer of `POST /v1/backend/sessions/verify`. */
export type SessionVerification = {
  active: boolean
  user?: SeqnAuthUser
  organization?: SeqnAuthOrganization | null
  expiresAt?: string
}
