import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ComponentChildren } from 'preact'
import { z } from 'zod'
import type { OrganizationMember } from '../../actors.ts'
import type { Context } from '../../context.ts'
import { Rotation } from '../../features/keys/organization-routes.ts'
import { revokeSecretKey, rotateSecretKey } from '../../features/keys/rotation.ts'
import { getProject, type Project } from '../../features/projects/projects.ts'
import { memberWho } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { randomToken } from '../../lib/secrets.ts'
import { roleMay } from '../../roles.ts'
import { leaveFlash } from '../flash.ts'
import { type FormBody, parseForm, typed } from '../forms.ts'
import { type Pages, pageSchema, redirect, sendPage } from '../render.ts'
import { urls } from '../urls.ts'
import { once, sentBefore } from './once.ts'
import { ProjectKeysPage } from './project-keys.page.tsx'
import { RevokeDialog } from './revoke.dialog.tsx'
import { RotateDialog } from './rotate.dialog.tsx'
import { SecretDialog } from './secret.dialog.tsx'
import { loadOrganizationShell } from './shell.ts'
import { projectView, secretKeyView } from './views.ts'

const params = z.object({ org: z.string(), project: z.string() })
const Query = z.object({ dialog: z.string().optional(), key: z.string().optional() })
const body = z.record(z.string(), z.unknown())
const dayMs = 86_400_000

type Shown = {
  project: string
  dialog?: ComponentChildren | ((project: Project) => ComponentChildren)
  status?: number
}

/** The keys of a project, with whatever dialog is open on top. */
export async function showProjectKeys(
  ctx: Context,
  pages: Pages,
  request: FastifyRequest,
  reply: FastifyReply,
  { project: reference, dialog, status = 200 }: Shown,
) {
  const member = request.actor as OrganizationMember
  const shell = await loadOrganizationShell(ctx, pages, request, reply)
  const project = await getProject(ctx, member, reference)
  const page = (
    <ProjectKeysPage
      shell={shell}
      project={projectView(project.row)}
      publishableKey={project.row.publishable_key}
      secretKeys={project.keys.map(secretKeyView)}
      baseUrl={ctx.config.publicBaseUrl}
      canWrite={roleMay(member.role, 'keys.write')}
      dialog={typeof dialog === 'function' ? dialog(project) : dialog}
    />
  )
  // A form that made a secret stood elsewhere; a reload must neither send it again nor open it again.
  const address = status === 201 ? urls.projectKeys(shell.organization.slug, project.row.slug) : undefined
  return sendPage(ctx, reply, page, { status, address })
}

export const projectKeysPages =
  (pages: Pages): Routes =>
  (app, ctx) => {
    app.get(
      '/auth/console/:org/projects/:project',
      { config: { permission: 'projects.read' }, schema: { ...pageSchema, params } },
      async (request, reply) => redirect(reply, urls.projectKeys(request.params.org, request.params.project)),
    )

    app.get(
      '/auth/console/:org/projects/:project/keys',
      { config: { permission: 'projects.read' }, schema: { ...pageSchema, params, querystring: Query } },
      async (request, reply) => {
        const { org, project } = request.params
        const mayWrite = roleMay(memberWho(request, 'projects.read').role, 'keys.write')
        const dialog = (found: Project) => mayWrite && openDialog(ctx, org, found, request.query)
        return showProjectKeys(ctx, pages, request, reply, { project, dialog })
      },
    )

    // Without scripts the answer to a form stands at the form's own address, which somebody may open again.
    for (const posted of ['rotate', ':key/revoke']) {
      app.get(
        `/auth/console/:org/projects/:project/keys/${posted}`,
        { config: { permission: 'projects.read' }, schema: { ...pageSchema, params } },
        async (request, reply) =>
          redirect(reply, urls.projectKeys(request.params.org, request.params.project)),
      )
    }

    app.post(
      '/auth/console/:org/projects/:project/keys/rotate',
      { config: { permission: 'keys.write', limit: 'mutation' }, schema: { ...pageSchema, params, body } },
      async (request, reply) => {
        const { org, project } = request.params
        const form: FormBody = request.body
        const overlap = typed(form, 'overlap_seconds')
        const input = { overlapSeconds: /^\d{1,7}$/.test(overlap) ? Number(overlap) : Number.NaN }
        const { data, refused } = parseForm(Rotation, input, form)
        if (refused) {
          const dialog = (found: Project) => <Rotate org={org} project={found} error="Choose one of these." />
          return showProjectKeys(ctx, pages, request, reply, { project, dialog, status: 422 })
        }
        const member = memberWho(request, 'keys.write')
        const rotated = await once(request, () => rotateSecretKey(ctx, member, project, data.overlapSeconds))
        if (!rotated) {
          leaveFlash(ctx, reply, sentBefore)
          return redirect(reply, urls.projectKeys(org, project))
        }
        const retires = data.overlapSeconds > 0 ? rotated.retires : []
        const dialog = (
          <SecretDialog
            org={org}
            project={project}
            secret={rotated.secretKey}
            made="by_rotation"
            retires={retires}
          />
        )
        return showProjectKeys(ctx, pages, request, reply, { project, dialog, status: 201 })
      },
    )

    app.post(
      '/auth/console/:org/projects/:project/keys/:key/revoke',
      {
        config: { permission: 'keys.write', limit: 'mutation' },
        schema: { ...pageSchema, params: params.extend({ key: z.string() }), body },
      },
      async (request, reply) => {
        const { org, project, key } = request.params
        await revokeSecretKey(ctx, memberWho(request, 'keys.write'), project, key)
        leaveFlash(ctx, reply, { title: 'Secret key revoked', text: 'It is refused from now on.' })
        return redirect(reply, urls.projectKeys(org, project))
      },
    )
  }

const Rotate = ({ org, project, error }: { org: string; project: Project; error?: string }) => (
  <RotateDialog
    org={org}
    project={project.row.slug}
    idempotencyKey={randomToken(16)}
    retires={project.keys.filter((key) => key.expires_at === null).map((key) => key.prefix)}
    error={error}
  />
)

function openDialog(
  ctx: Context,
  org: string,
  project: Project,
  query: z.infer<typeof Query>,
): ComponentChildren {
  if (query.dialog === 'rotate') return <Rotate org={org} project={project} />
  const key = query.dialog === 'revoke' ? project.keys.find(({ id }) => id === query.key) : undefined
  if (!key) return undefined
  const used = key.last_used_at !== null && ctx.clock().getTime() - key.last_used_at.getTime() < dayMs
  return (
    <RevokeDialog
      org={org}
      project={project.row.slug}
      secretKey={secretKeyView(key)}
      usedInLast24Hours={used}
      last={project.keys.length === 1}
    />
  )
}
