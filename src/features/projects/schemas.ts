import { z } from 'zod'
import type { OrganizationMember } from '../../actors.ts'
import { line, shownId, shownTime, slug, time } from '../../http/schemas.ts'
import { roleMay } from '../../roles.ts'
import { Origins, RedirectUrl, RedirectUrls } from './project-urls.ts'
import type { Project } from './projects.ts'
import type { ProjectFields } from './queries.ts'

const SecretKey = z.object({
  id: shownId('key'),
  prefix: z.string().meta({ example: 'sk_live_abc12345' }),
  createdAt: time,
  expiresAt: time.nullable(),
  lastUsedAt: time.nullable(),
})

const Provisioning = z.object({
  status: z.enum(['disabled', 'pending', 'synced', 'blocked', 'failed']),
  detail: z.string().meta({ example: 'The provider exists and fits' }).nullable(),
  providerId: z.string().meta({ example: '42' }).nullable(),
  applicationSlug: z.string().meta({ example: 'seqn-console' }).nullable(),
  attemptedAt: time.nullable(),
  updatedAt: time.nullable(),
})

export const ShownProject = z
  .object({
    id: shownId('app'),
    slug: z.string().meta({ example: 'seqn-console' }),
    name: z.string().meta({ example: 'SEQN Console' }),
    status: z.enum(['active', 'disabled']),
    publishableKey: z.string().meta({ example: 'pk_live_…' }),
    secretKeys: z.array(SecretKey).optional().describe('Only for roles that may manage keys'),
    redirectUrls: z.array(z.string().meta({ example: 'https://app.example.com/callback' })),
    origins: z.array(z.string().meta({ example: 'https://app.example.com' })),
    afterSignInUrl: z.string().meta({ example: 'https://app.example.com' }).nullable(),
    afterSignUpUrl: z.string().meta({ example: 'https://app.example.com' }).nullable(),
    provisioning: Provisioning,
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Project' })

export const CreatedProject = z
  .object({
    project: ShownProject,
    secretKey: z.string().meta({ description: 'Shown in this answer only', example: 'sk_live_…' }),
  })
  .meta({ id: 'CreatedProject' })

export const NewProject = z.strictObject({
  name: line(200).meta({ example: 'SEQN Console' }),
  slug: slug.optional(),
  redirectUrls: RedirectUrls.default([]),
  origins: Origins.default([]),
  afterSignInUrl: RedirectUrl.nullish(),
  afterSignUpUrl: RedirectUrl.nullish(),
})

export const ProjectChange = z.strictObject({
  name: line(200).meta({ example: 'SEQN Console' }).optional(),
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
