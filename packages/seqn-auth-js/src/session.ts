import type { SeqnAuthOrganization, SeqnAuthUser, SessionAnswer } from './answers.js'
import { exclusive } from './exclusive.js'
import type { Settings } from './options.js'
import { refreshSession, revokeSession } from './project-session.js'
import type { SeqnAuthStorage } from './storage.js'

/** A signed-in person in this app. */
export type SeqnAuthSession = {
  sessionToken: string
  accessToken: string
  /** When the access token ends, in milliseconds since 1970 by this machine's clock. */
  expiresAt: number
  user: SeqnAuthUser
  organization: SeqnAuthOrganization | null
}

const dueBeforeEndMs = 30_000

/** The one session of a client: kept in the storage, refreshed by one request however many callers and tabs ask. */
export function createSessions(settings: Settings, storage: SeqnAuthStorage) {
  const name = `seqn_auth:${settings.publishableKey}`
  let flight: Promise<SeqnAuthSession | null> | undefined

  async function read(): Promise<SeqnAuthSession | null> {
    try {
      const session = JSON.parse((await storage.get(name)) ?? 'null')
      return session?.sessionToken && session.accessToken ? session : null
    } catch {
      return null
    }
  }

  async function write({ expiresIn, ...answer }: SessionAnswer): Promise<SeqnAuthSession> {
    const session = { ...answer, expiresAt: Date.now() + expiresIn * 1000 }
    await storage.set(name, JSON.stringify(session))
    return session
  }

  async function renew(seen: SeqnAuthSession): Promise<SeqnAuthSession | null> {
    const stored = await read()
    // Another caller or tab was here first.
    if (stored?.accessToken !== seen.accessToken) return stored
    const answer = await refreshSession(settings, stored.sessionToken)
    if (answer) return write(answer)
    await storage.remove(name)
    return null
  }

  /** Replaces a session that was seen to be too old. */
  function replace(seen: SeqnAuthSession): Promise<SeqnAuthSession | null> {
    flight ??= exclusive(name, () => renew(seen)).finally(() => {
      flight = undefined
    })
    return flight
  }

  return {
    replace,

    async get(): Promise<SeqnAuthSession | null> {
      const session = await read()
      if (!session || session.expiresAt - Date.now() > dueBeforeEndMs) return session
      try {
        return await replace(session)
      } catch (error) {
        if (session.expiresAt > Date.now()) return session
        throw error
      }
    },

    async refresh(): Promise<SeqnAuthSession | null> {
      const session = await read()
      return session && replace(session)
    },

    keep: (answer: SessionAnswer) => exclusive(name, () => write(answer)),

    /** Signed out here first, so that a service that is down keeps nobody signed in. */
    end: () =>
      exclusive(name, async () => {
        const session = await read()
        await storage.remove(name)
        if (session) await revokeSession(settings, session.sessionToken)
      }),
  }
}
