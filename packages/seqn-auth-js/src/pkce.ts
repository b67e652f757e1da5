import { base64Url, subtle, utf8 } from './bytes.js'

/** 256 random bits, for a URL: a state or a code verifier. */
export const randomText = () => base64Url(crypto.getRandomValues(new Uint8Array(32)))

/** The S256 challenge of a code verifier (RFC 7636). */
export const codeChallenge = async (verifier: string) =>
  base64Url(await subtle().digest('SHA-256', utf8(verifier)))
