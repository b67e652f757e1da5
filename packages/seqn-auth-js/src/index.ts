export { type AccessTokenClaims, type VerifyOptions, verifyAccessToken } from './access-token.js'
export type {
  BackendKeyHealth,
  Me,
  OAuthMode,
  PublicConfig,
  SeqnAuthOrganization,
  SeqnAuthUser,
} from './answers.js'
export { loadPublicConfig, verifyBackendKeyHealth } from './application.js'
export { createSeqnAuthClient, type SeqnAuthClient, type SeqnAuthClientOptions } from './client.js'
export { SeqnAuthError, type SeqnAuthErrorCode, type SeqnAuthErrorFacts } from './errors.js'
export type { Hosted, HostedOptions } from './hosted.js'
export type { SeqnAuthOptions } from './options.js'
export type { SeqnAuthSession } from './session.js'
export type { SignInOptions } from './sign-in.js'
export { memoryStorage, type SeqnAuthStorage } from './storage.js'
