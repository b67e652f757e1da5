import type { EventType } from '../webhooks/event-types.ts'

const id = '01k9x3v7tqe4m8z2c6w5r0h1jd'
const later = '2026-06-12T00:00:00.000Z'

const user = {
  id: `usr_${id}`,
  email: 'ada@example.com',
  emailVerified: true,
  name: 'Ada Lovelace',
  disabled: false,
}

const session = { id: `ses_${id}`, userId: user.id }

const organization = {
  id: `org_${id}`,
  slug: 'example',
  name: 'Example',
  createdAt: '2026-05-12T00:00:00.000Z',
}

const member = {
  userId: user.id,
  email: user.email,
  name: user.name,
  role: 'member',
  joinedAt: '2026-05-12T00:00:00.000Z',
}

const invitation = {
  id: `inv_${id}`,
  role: 'member',
  email: 'grace@example.com',
  status: 'pending',
  maxUses: 1,
  uses: 0,
  expiresAt: later,
  createdAt: '2026-06-05T00:00:00.000Z',
}

const project = {
  id: `app_${id}`,
  slug: 'example-app',
  name: 'Example App',
  status: 'active',
  publishableKey: 'pk_live_example',
  redirectUrls: ['https://app.example.com/callback'],
  origins: ['https://app.example.com'],
  afterSignInUrl: 'https://app.example.com',
  afterSignUpUrl: 'https://app.example.com/welcome',
}

const endpoint = {
  id: `whe_${id}`,
  url: 'https://app.example.com/webhooks',
  description: 'Example',
  eventTypes: ['project.*'],
  projectId: null,
  enabled: true,
  disabledReason: null,
}

const subscription = {
  planKey: 'pro',
  status: 'active',
  seatLimit: null,
  currentPeriodStart: '2026-05-01T00:00:00.000Z',
  currentPeriodEnd: '2026-06-01T00:00:00.000Z',
  limits: { projects: 25, users: 10_000, webhookEndpoints: 25, monthlySessions: 100_000 },
  overrides: [],
}

/** What an event of each type could tell, for tests of receivers. None of it exists. */
export const exampleEvents: Record<EventType, object> = {
  'user.created': user,
  'user.updated': { ...user, previous: { name: null } },
  'user.disabled': { ...user, disabled: true },
  'user.deleted': user,
  'session.created': { ...session, authMethod: 'password', expiresAt: later },
  'session.revoked': { ...session, reason: 'signed_out' },
  'organization.created': organization,
  'organization.updated': { ...organization, previous: { name: 'Example before' } },
  'organization.deleted': organization,
  'member.added': member,
  'member.role_changed': { ...member, role: 'admin', previous: { role: 'member' } },
  'member.removed': { ...member, reason: 'removed' },
  'invitation.created': invitation,
  'invitation.accepted': { ...invitation, status: 'accepted', uses: 1, userId: user.id },
  'invitation.revoked': { ...invitation, status: 'revoked', reason: 'revoked' },
  'project.created': project,
  'project.updated': { ...project, previous: { name: 'Example App before' } },
  'project.disabled': { ...project, status: 'disabled', previous: { status: 'active' } },
  'project.enabled': { ...project, previous: { status: 'disabled' } },
  'project.deleted': project,
  'project.secret_rotated': {
    ...project,
    secretKeyPrefix: 'sk_live_example1',
    retires: [{ prefix: 'sk_live_example0', expiresAt: later }],
  },
  'project.secret_revoked': { ...project, secretKeyPrefix: 'sk_live_example0' },
  'project.provisioning_changed': { ...project, provisioning: { status: 'synced' } },
  'webhook_endpoint.created': endpoint,
  'webhook_endpoint.updated': { ...endpoint, previous: { description: 'Example before' } },
  'webhook_endpoint.disabled': {
    ...endpoint,
    enabled: false,
    disabledReason: 'manual',
    previous: { enabled: true, disabledReason: null },
  },
  'webhook_endpoint.secret_rotated': endpoint,
  'webhook_endpoint.deleted': endpoint,
  'subscription.updated': { ...subscription, previous: { planKey: 'free' } },
  'subscription.limit_reached': {
    limit: 'projects',
    percent: 80,
    used: 20,
    most: 25,
    planKey: 'pro',
    month: '2026-05',
  },
  'usage.recorded': {
    metric: 'monthly_sessions',
    month: '2026-05',
    projectId: project.id,
    quantity: 3,
    counter: 940,
  },
}
