import { answerPurpose } from '../../change/idempotency.ts'
import { idTokenPurpose } from '../sessions/sessions.ts'
import { signingKeyPurpose } from '../sessions/signing-keys.ts'
import { statePurpose } from '../sign-in/oidc-login.ts'
import { endpointSecretPurpose } from '../webhooks/endpoint-secrets.ts'
import type { RowKey, SealedColumn } from './queries.ts'

/**
 * Everything that is sealed: where it lies, and what it is bound to there. A secret steps back from `sealed_secret` to
 * `sealed_previous_secret` as it is, so the first is gone through before the second.
 */
export const sealedColumns: (SealedColumn & { purpose: (key: RowKey) => string })[] = [
  {
    table: 'signing_keys',
    column: 'sealed_private_jwk',
    key: ['id'],
    purpose: ({ id }) => signingKeyPurpose(id),
  },
  {
    table: 'webhook_endpoints',
    column: 'sealed_secret',
    key: ['id'],
    purpose: ({ id }) => endpointSecretPurpose(id),
  },
  {
    table: 'webhook_endpoints',
    column: 'sealed_previous_secret',
    key: ['id'],
    purpose: ({ id }) => endpointSecretPurpose(id),
  },
  {
    table: 'sessions',
    column: 'sealed_id_token',
    key: ['id'],
    purpose: ({ id }) => idTokenPurpose(id),
  },
  {
    table: 'idempotency_keys',
    column: 'sealed_answer',
    key: ['actor_id', 'key'],
    purpose: ({ actor_id, key }) => answerPurpose(actor_id, key),
  },
  {
    table: 'oidc_states',
    column: 'sealed',
    key: ['state_hash'],
    purpose: ({ state_hash }) => statePurpose(state_hash),
  },
]
