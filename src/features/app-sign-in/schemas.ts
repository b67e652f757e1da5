import { z } from 'zod'

export const Exchange = z.strictObject({
  code: z
    .string()
    .regex(/^[\w-]{43}$/, 'is not a code of ours')
    .meta({ example: 'q3Jm0f2x5V8b1N6c4Z7a9S0d3F5g7H1j2K4l6P8o0I2' }),
  codeVerifier: z
    .string()
    .regex(/^[\w.~-]{43,128}$/, 'must be 43 to 128 letters, digits, -, ., _ or ~')
    .meta({ example: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk' }),
  redirectUrl: z.string().max(512).meta({ example: 'https://app.example.com/callback' }),
})
