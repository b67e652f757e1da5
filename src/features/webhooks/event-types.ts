/** What endpoints can subscribe to. Tests go to one endpoint whatever it wants, so nobody subscribes to them. */
export const eventTypes = [
  'user.created',
  'user.updated',
  'user.disabled',
  'user.deleted',
  'session.created',
  'session.revoked',
  'organization.created',
  'organization.updated',
  'organization.deleted',
  'member.added',
  'member.role_changed',
  'member.removed',
  'invitation.created',
  'invitation.accepted',
  'invitation.revoked',
  'project.created',
  'project.updated',
  'project.disabled',
  'project.enabled',
  'project.deleted',
  'project.secret_rotated',
  'project.secret_revoked',
  'project.provisioning_changed',
  'webhook_endpoint.created',
  'webhook_endpoint.updated',
  'webhook_endpoint.disabled',
  'webhook_endpoint.secret_rotated',
  'webhook_endpoint.deleted',
  'subscription.updated',
  'subscription.limit_reached',
  'usage.recorded',
] as const

export type EventType = (typeof eventTypes)[number]

const kindOf = (type: string) => `${type.split('.')[0]}.*`

const selectors = new Set<string>(['*', ...eventTypes, ...eventTypes.map(kindOf)])

/** Whether a text selects events: `*`, all of one noun (`project.*`), or one type. */
export function isEventSelector(text: string): boolean {
  return selectors.has(text)
}

/** Whether all that a type or selector stands for is selected already. */
export function isSelectedBy(selected: string[], type: string): boolean {
  return ['*', kindOf(type), type].some((wider) => selected.includes(wider))
}
