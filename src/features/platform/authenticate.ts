import type { PlatformAdmin } from '../../actors.ts'
import { AppError } from '../../errors.ts'
import type { Authenticate } from '../../http/audiences.ts'
import { authenticateUser } from '../sessions/authenticate.ts'
import { viewSession } from '../sessions/sessions.ts'

/** A person with platform power at this moment: it ends by itself, so the database is asked each time. */
export const authenticatePlatformAdmin: Authenticate = async (ctx, incoming): Promise<PlatformAdmin> => {
  const user = await authenticateUser(ctx, incoming)
  const { is_platform_admin } = await viewSession(ctx, user.sessionId)
  if (!is_platform_admin) throw new AppError('platform_admin_required', 'Only platform admins may do this.')
  return user as PlatformAdmin
}
