/** What each role may do in an organization: the one table behind guards, `capabilities` and the documentation. */
export const permissionsOf = {
  owner: [
    'org.read',
    'org.update',
    'org.delete',
    'members.list',
    'members.invite',
    'members.remove',
    'members.grant',
    'projects.read',
    'projects.write',
    'keys.write',
    'webhooks.read',
    'webhooks.write',
    'audit.read',
    'sessions.read',
    'sessions.revoke',
    'billing.read',
    'billing.update',
    'usage.read',
  ],
  admin: [
    'org.read',
    'org.update',
    'members.list',
    'members.invite',
    'members.remove',
    'members.grant',
    'projects.read',
    'projects.write',
    'keys.write',
    'webhooks.read',
    'webhooks.write',
    'audit.read',
    'sessions.read',
    'sessions.revoke',
    'billing.read',
    'billing.update',
    'usage.read',
  ],
  billing: ['org.read', 'billing.read', 'billing.update', 'usage.read'],
  member: ['org.read', 'members.list', 'projects.read'],
  viewer: ['org.read', 'members.list'],
} as const satisfies Record<string, readonly string[]>

export type Role = keyof typeof permissionsOf
export type Permission = (typeof permissionsOf)[Role][number]

export const roles = Object.keys(permissionsOf) as [Role, ...Role[]]

/** Whether a role has every permission of another: whoever gives or takes a role must have as much as it carries. */
export function roleCovers(role: Role, other: Role): boolean {
  return permissionsOf[other].every((permission) => roleMay(role, permission))
}

export function roleMay(role: Role, permission: Permission): boolean {
  return (permissionsOf[role] as readonly Permission[]).includes(permission)
}
