import { z } from 'zod'
import type { OrganizationMember } from '../../actors.ts'
import { line, shownTime, slug, time } from '../../http/schemas.ts'
import { roleMay } from '../../roles.ts'
import { Origins, RedirectUrl, RedirectUrls } from './project-urls.ts'
import type { Project } from './projects.ts'
import type { ProjectFields } from './queries.ts'

const SecretKey = z.object({
  id: z.string(),
  prefix: z.string(),
  createdAt: time,
  expiresAt: time.nullable(),
  lastUsedAt: time.nullable(),
})

const Provisioning = z.object({
  status: z.enum(['disabled', 'pending', 'synced', 'blocked', 'failed']),
  detail: z.string().nullable(),
  providerId: z.string().nullable(),
  applicationSlug: z.string().nullable(),
  attemptedAt: time.nullable(),
  updatedAt: time.nullable(),
})

export const ShownProject = z
  .object({
    id: z.string(),
    slug: z.string(),
    name: z.string(),
    status: z.enum(['active', 'disabled']),
    publishableKey: z.string(),
    secretKeys: z.array(SecretKey).optional().describe('Only for roles that may manage keys'),
    redirectUrls: z.array(z.string()),
    origins: z.array(z.string()),
    afterSignInUrl: z.string().nullable(),
    afterSignUpUrl: z.string().nullable(),
    provisioning: Provisioning,
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Project' })

export const CreatedProject = z
  .object({ project: ShownProject, secretKey: z.string().describe('Shown in this answer only') })
  .meta({ id: 'CreatedProject' })

export const NewProject = z.strictObject({
  name: line(200),
  slug: slug.optional(),
  redirectUrls: RedirectUrls.default([]),
  origins: Origins.default([]),
  afterSignInUrl: RedirectUrl.nullish(),
  afterSignUpUrl: RedirectUrl.nullish(),
})

export const ProjectChange = z.strictObject({
  name: line(200).optional(),
  slug: slug.optional(),
  status: z.enum(['active', 'disabled']).optional(),
  redirectUrls: RedirectUrls.optional(),
  origins: Origins.optional(),
  afterSignInUrl: RedirectUrl.nullish(),
  afterSignUpUrl: RedirectUrl.nullish(),
})

// No identity provider is connected to projects: nothing to provision.
const provisioning = {
  status: 'disabled' as const,
  detail: null,
  providerId: null,
  applicationSlug: null,
  attemptedAt: null,
  updatedAt: null,
}

/** A project as its routes show it to this member. */
export const shown = (member: OrganizationMember, { row, keys }: Project): z.input<typeof ShownProject> => ({
  id: row.id,
  slug: row.slug,
  name: row.name,
  status: row.status,
  publishableKey: row.publishable_key,
  ...(roleMay(member.role, 'keys.write') ? { secretKeys: keys.map(shownKey) } : {}),
  redirectUrls: row.redirect_urls,
  origins: row.origins,
  afterSignInUrl: row.after_sign_in_url,
  afterSignUpUrl: row.after_sign_up_url,
  provisioning,
  createdAt: shownTime(row.created_at),
  updatedAt: shownTime(row.updated_at),
})

const shownKey = (key: Project['keys'][number]) => ({
  id: key.id,
  prefix: key.prefix,
  createdAt: shownTime(key.created_at),
  expiresAt: shownTime(key.expires_at),
  lastUsedAt: shownTime(key.last_used_at),
})

/** The use case's input from the wire's. */
export const newProject = (body: z.output<typeof NewProject>) => ({
  ...body,
  afterSignInUrl: body.afterSignInUrl ?? null,
  afterSignUpUrl: body.afterSignUpUrl ?? null,
})

export function changedFields(body: z.output<typeof ProjectChange>): ProjectFields {
  const { name, slug, status, redirectUrls, origins, afterSignInUrl, afterSignUpUrl } = body
  const columns = {
    name,
    slug,
    status,
    redirect_urls: redirectUrls,
    origins,
    after_sign_in_url: afterSignInUrl,
    after_sign_up_url: afterSignUpUrl,
  }
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined))
}
