import type { Project } from '../../features/projects/projects.ts'
import type { ProjectView, SecretKeyView } from './project.ts'

export const projectView = (row: Project['row']): ProjectView => ({
  id: row.id,
  slug: row.slug,
  name: row.name,
  status: row.status,
  createdAt: row.created_at,
})

export const secretKeyView = (key: Project['keys'][number]): SecretKeyView => ({
  id: key.id,
  prefix: key.prefix,
  createdAt: key.created_at,
  lastUsedAt: key.last_used_at,
  expiresAt: key.expires_at,
})
