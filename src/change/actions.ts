import type { Actor } from '../actors.ts'

/**
 * Everything that can be recorded. `stream` tells whose history it belongs to: the organization's, or the person's, which
 * is every organization where the person is a member at that moment (`platform` if none), or one organization alone where it
 * concerns no other. `isEvent`: customers get it too.
 */
export const actions = {
  'user.created': { stream: 'person', isEvent: true },
  'user.updated': { stream: 'person', isEvent: true },
  'user.disabled': { stream: 'person', isEvent: true },
  'session.created': { stream: 'person', isEvent: true },
  'session.revoked': { stream: 'person', isEvent: true },
  'auth.login': { stream: 'person', isEvent: false },
  'auth.login.failed': { stream: 'person', isEvent: false },
  'auth.logout': { stream: 'person', isEvent: false },
  'auth.reauthenticated': { stream: 'person', isEvent: false },
  'auth.password.changed': { stream: 'person', isEvent: false },
  'auth.session_token.reused': { stream: 'person', isEvent: false },
  'auth.email.taken_over': { stream: 'person', isEvent: false },
  'auth.identity.linked': { stream: 'person', isEvent: false },
  'auth.app.granted': { stream: 'person', isEvent: false },
  'auth.app.revoked': { stream: 'person', isEvent: false },
  'organization.created': { stream: 'organization', isEvent: true },
  'organization.updated': { stream: 'organization', isEvent: true },
  'organization.deleted': { stream: 'organization', isEvent: true },
  'organization.sessions_revoked': { stream: 'organization', isEvent: false },
  'member.added': { stream: 'organization', isEvent: true },
  'member.role_changed': { stream: 'organization', isEvent: true },
  'member.removed': { stream: 'organization', isEvent: true },
  'invitation.created': { stream: 'organization', isEvent: true },
  'invitation.resent': { stream: 'organization', isEvent: false },
  'invitation.accepted': { stream: 'organization', isEvent: true },
  'invitation.revoked': { stream: 'organization', isEvent: true },
  'project.created': { stream: 'organization', isEvent: true },
  'project.updated': { stream: 'organization', isEvent: true },
  'project.disabled': { stream: 'organization', isEvent: true },
  'project.enabled': { stream: 'organization', isEvent: true },
  'project.deleted': { stream: 'organization', isEvent: true },
  'project.secret_rotated': { stream: 'organization', isEvent: true },
  'project.secret_revoked': { stream: 'organization', isEvent: true },
  'webhook_endpoint.created': { stream: 'organization', isEvent: true },
  'webhook_endpoint.updated': { stream: 'organization', isEvent: true },
  'webhook_endpoint.disabled': { stream: 'organization', isEvent: true },
  'webhook_endpoint.secret_rotated': { stream: 'organization', isEvent: true },
  'webhook_endpoint.deleted': { stream: 'organization', isEvent: true },
  'webhook_endpoint.delivery_retried': { stream: 'organization', isEvent: false },
  'webhook_endpoint.events_replayed': { stream: 'organization', isEvent: false },
  'subscription.updated': { stream: 'organization', isEvent: true },
  'subscription.limit_reached': { stream: 'organization', isEvent: true },
  'usage.recorded': { stream: 'organization', isEvent: true },
  'webhook.test': { stream: 'organization', isEvent: true },
  'audit.exported': { stream: 'organization', isEvent: false },
  'platform.admin.granted': { stream: 'platform', isEvent: false },
  'platform.secret_key.looked_up': { stream: 'platform', isEvent: false },
  'platform.user.disabled': { stream: 'platform', isEvent: false },
  'platform.user.enabled': { stream: 'platform', isEvent: false },
  'platform.sealing_key.rotated': { stream: 'platform', isEvent: false },
  'platform.signing_key.rotated': { stream: 'platform', isEvent: false },
} as const satisfies Record<string, { stream: 'person' | 'organization' | 'platform'; isEvent: boolean }>

export type Action = keyof typeof actions

/** What there is to say of one change: `data` is public (event and audit row), `details` only for the audit row. */
type Facts = {
  target: string | null
  data?: object
  previous?: object
  details?: object
  /** Of the event, where it must be known before the change is over. */
  eventId?: string
  /** Who did it, where the change only writes down what somebody did before. */
  actor?: Actor
}

type FactsByStream = {
  organization: Facts & { organizationId: string }
  /** With an organization, only that one hears of it: what happens between a person and its projects. */
  person: Facts & ({ userId: string | null } | { userId: string; organizationId: string })
  platform: Facts
}

export type FactsOf<A extends Action> = FactsByStream[(typeof actions)[A]['stream']]

export type Entry = { [A in Action]: FactsOf<A> & { action: A } }[Action]

/** Collects what the transaction changed; `change` writes it when the callback is over. */
export type RecordEntry = <A extends Action>(action: A, facts: FactsOf<A>) => void
