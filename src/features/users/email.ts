import { z } from 'zod'

// Letters and marks of any script, but nothing invisible, no space, and one plain @: what is left is one address.
const oneAddress =
  /^[^\s@,;<>()"\\\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]{1,64}@[^\s@,;<>()"\\\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]+$/u
const domain = /^(?!-)[\p{L}\p{N}\p{M}-]{1,63}(?:\.[\p{L}\p{N}\p{M}-]{1,63})*$/u

const longest = 254

// Lower case can leave NFKC again.
const spelledOnce = (text: string) => text.normalize('NFKC').toLowerCase().normalize('NFKC')

const isOneAddress = (text: string) =>
  text.length <= longest && oneAddress.test(text) && domain.test(text.slice(text.indexOf('@') + 1))

/**
 * One address in its one spelling: NFKC, lower case; two spellings of an address are one account. The @ must be plain
 * before, not come of normalizing.
 */
export const EmailAddress = z
  .string()
  .max(longest)
  .transform((text) => text.replace(/^ +| +$/g, ''))
  .refine((text) => oneAddress.test(text), { message: 'must be one e-mail address', abort: true })
  .transform(spelledOnce)
  .refine(isOneAddress, 'must be one e-mail address')
  .meta({ example: 'ada@example.com' })
