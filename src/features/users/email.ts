import { z } from 'zod'

// Letters and marks of any script, but nothing invisible, no space, and one plain @: what is left is one address.
const oneAddress =
  /^[^\s@,;<>()"\\\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]{1,64}@[^\s@,;<>()"\\\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]+$/u
const domain = /^(?!-)[\p{L}\p{N}\p{M}-]{1,63}(?:\.[\p{L}\p{N}\p{M}-]{1,63})*$/u

/** One address in its one spelling: NFKC, lower case. Two spellings of an address are one account. */
export const EmailAddress = z
  .string()
  .max(254)
  .transform((text) => text.trim().normalize('NFKC').toLowerCase())
  .refine(
    (text) => oneAddress.test(text) && domain.test(text.slice(text.indexOf('@') + 1)),
    'must be one e-mail address',
  )
  .meta({ example: 'ada@example.com' })
