import { SeqnAuthError } from '../../src/errors.ts'

/** The error that some work ends with. */
export async function thrownBy(work: () => unknown): Promise<SeqnAuthError> {
  try {
    await work()
  } catch (error) {
    if (error instanceof SeqnAuthError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}
