import type { Context } from '../../context.ts'
import { AppError, type ErrorCode } from '../../errors.ts'
import { SignInRefused } from './sign-in-refused.ts'

const outcomes: Partial<Record<ErrorCode, 'refused' | 'locked'>> = {
  authentication_required: 'refused',
  rate_limited: 'locked',
}

/** Runs a sign-in and counts how it ended. */
export async function counted<Result>(
  ctx: Context,
  method: 'password' | 'oidc',
  signIn: () => Promise<Result>,
): Promise<Result> {
  try {
    const result = await signIn()
    ctx.metrics.signIns.add(method, 'ok')
    return result
  } catch (error) {
    const outcome = error instanceof AppError ? outcomes[error.code] : undefined
    ctx.metrics.signIns.add(method, error instanceof SignInRefused ? 'refused' : (outcome ?? 'failed'))
    throw error
  }
}
