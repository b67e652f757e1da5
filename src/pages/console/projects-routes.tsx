import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ComponentChildren } from 'preact'
import { z } from 'zod'
import type { OrganizationMember } from '../../actors.ts'
import { createProject, listProjects } from '../../features/projects/projects.ts'
import { NewProject, newProject } from '../../features/projects/schemas.ts'
import { projectAllowance } from '../../features/subscriptions/subscriptions.ts'
import { memberWho } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { pageQuery } from '../../http/schemas.ts'
import { randomToken } from '../../lib/secrets.ts'
import { roleMay } from '../../roles.ts'
import { leaveFlash } from '../flash.ts'
import {
  type FormBody,
  filledLines,
  given,
  parseForm,
  type Refused,
  refusedByUseCase,
  typed,
} from '../forms.ts'
import { type Pages, pageSchema, redirect, sendPage } from '../render.ts'
import { urls } from '../urls.ts'
import { NewProjectDialog } from './new-project.dialog.tsx'
import { once, sentBefore } from './once.ts'
import { showProjectKeys } from './project-keys-routes.tsx'
import { ProjectsPage, type ProjectsPageProps } from './projects.page.tsx'
import { SecretDialog } from './secret.dialog.tsx'
import { loadOrganizationShell } from './shell.ts'
import { projectView, secretKeyView } from './views.ts'

const params = z.object({ org: z.string() })
const Query = pageQuery.extend({ dialog: z.string().optional() })
const formSchema = { ...pageSchema, params, body: z.record(z.string(), z.unknown()) }
const textFields = ['name', 'slug', 'redirect_urls', 'origins', 'after_sign_in_url'] as const

export const projectsPages =
  (pages: Pages): Routes =>
  (app, ctx) => {
    const showNewProject = (org: string, body: FormBody, refused: Refused) => (
      <NewProjectDialog
        org={org}
        idempotencyKey={given(body, 'idempotency_key') ?? randomToken(16)}
        values={Object.fromEntries(textFields.map((name) => [name, typed(body, name)]))}
        errors={refused.errors}
        lineErrors={refused.lineErrors}
        banner={refused.banner}
      />
    )

    const show = async (
      request: FastifyRequest,
      reply: FastifyReply,
      {
        cursor,
        dialog,
        status = 200,
      }: { cursor?: string | undefined; dialog?: ComponentChildren; status?: number },
    ) => {
      const member = request.actor as OrganizationMember
      const [shell, list, allowance] = await Promise.all([
        loadOrganizationShell(ctx, pages, request, reply),
        listProjects(ctx, member, { limit: 100, cursor }),
        projectAllowance(ctx, member),
      ])
      const projects = list.projects.map(({ row, keys }) => ({
        ...projectView(row),
        secretKeys: keys.map(secretKeyView),
      }))
      const page = (
        <ProjectsPage
          shell={shell}
          projects={projects}
          older={list.nextCursor ?? undefined}
          showsKeys={roleMay(member.role, 'keys.write')}
          limit={allowance}
          creating={creating(member, allowance)}
          dialog={dialog}
        />
      )
      return sendPage(ctx, reply, page, { status })
    }

    app.get(
      '/auth/console/:org/projects',
      { config: { permission: 'projects.read' }, schema: { ...pageSchema, params, querystring: Query } },
      async (request, reply) => {
        const member = memberWho(request, 'projects.read')
        const { cursor, dialog } = request.query
        const isNew = dialog === 'new-project' && roleMay(member.role, 'projects.write')
        const nothing = { errors: {}, lineErrors: {}, banner: undefined }
        return show(request, reply, {
          cursor,
          dialog: isNew && showNewProject(request.params.org, {}, nothing),
        })
      },
    )

    app.post(
      '/auth/console/:org/projects',
      { config: { permission: 'projects.write', limit: 'mutation' }, schema: formSchema },
      async (request, reply) => {
        const member = memberWho(request, 'projects.write')
        const { org } = request.params
        const body: FormBody = request.body
        const { data, refused } = parseForm(NewProject, newProjectInput(body), body)
        if (refused) return show(request, reply, { dialog: showNewProject(org, body, refused), status: 422 })
        try {
          const created = await once(request, () => createProject(ctx, member, newProject(data)))
          if (!created) {
            leaveFlash(ctx, reply, sentBefore)
            return redirect(reply, urls.projects(org))
          }
          const { slug } = created.project.row
          const dialog = (
            <SecretDialog org={org} project={slug} secret={created.secretKey} made="with_project" />
          )
          return showProjectKeys(ctx, pages, request, reply, { project: slug, dialog, status: 201 })
        } catch (error) {
          const { status, refused } = refusedByUseCase(error, body)
          return show(request, reply, { dialog: showNewProject(org, body, refused), status })
        }
      },
    )
  }

const newProjectInput = (body: FormBody) => ({
  name: typed(body, 'name'),
  slug: given(body, 'slug'),
  redirectUrls: filledLines(body, 'redirect_urls'),
  origins: filledLines(body, 'origins'),
  afterSignInUrl: given(body, 'after_sign_in_url'),
})

type Allowance = Awaited<ReturnType<typeof projectAllowance>>

function creating(
  { role }: OrganizationMember,
  { used, limit, isUsable }: Allowance,
): ProjectsPageProps['creating'] {
  if (!roleMay(role, 'projects.write')) return 'not_permitted'
  if (!isUsable) return 'subscription_inactive'
  return used < limit ? 'allowed' : 'limit_reached'
}
