import type { Db } from '../../db/database.ts'
import { AppError } from '../../errors.ts'
import { findSessionView } from './queries.ts'

/** What answers and access tokens tell of a session. */
export type SessionView = Awaited<ReturnType<typeof findSessionView>>[number]

/** Throws `401 authentication_required` where the session was deleted since it was recognised. */
export async function getSessionView(db: Db, sessionId: string): Promise<SessionView> {
  const [view] = await findSessionView(db, { sessionId })
  if (!view) throw new AppError('authentication_required', 'Sign in first.')
  return view
}
