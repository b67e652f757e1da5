import type { Moment } from '../format.ts'

/** A project as its pages show it: the public shape of the API, or any part of it that has these fields. */
export type ProjectView = {
  id: string
  slug: string
  name: string
  status: 'active' | 'disabled'
  createdAt: Moment
}

export type SecretKeyView = {
  id: string
  prefix: string
  createdAt: Moment
  lastUsedAt: Moment | null
  /** Set while the key is being retired. */
  expiresAt: Moment | null
}

/** The fields that hold addresses; the first two hold one per line. */
export type UrlField = 'redirect_urls' | 'origins' | 'after_sign_in_url' | 'after_sign_up_url'
