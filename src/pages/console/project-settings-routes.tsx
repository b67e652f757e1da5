import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ComponentChildren } from 'preact'
import { z } from 'zod'
import type { OrganizationMember } from '../../actors.ts'
import { changeProject, deleteProject, getProject, type Project } from '../../features/projects/projects.ts'
import { changedFields, ProjectChange } from '../../features/projects/schemas.ts'
import { memberWho } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
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
import { DeleteProjectDialog, DisableProjectDialog } from './project.dialogs.tsx'
import { ProjectSettingsPage } from './project-settings.page.tsx'
import { ProjectUrlsPage } from './project-urls.page.tsx'
import { loadOrganizationShell } from './shell.ts'
import { projectView } from './views.ts'

const params = z.object({ org: z.string(), project: z.string() })
const Query = z.object({ dialog: z.string().optional() })
const body = z.record(z.string(), z.unknown())
const reading = { permission: 'projects.read' } as const
const writing = { permission: 'projects.write', limit: 'mutation' } as const
const path = '/auth/console/:org/projects/:project'
const nothingRefused: Refused = { errors: {}, lineErrors: {}, banner: undefined }

type Frame = { member: OrganizationMember; project: Project; canWrite: boolean }

export const projectUrlsPages =
  (pages: Pages): Routes =>
  (app, ctx) => {
    const show = async (
      request: FastifyRequest,
      reply: FastifyReply,
      form: FormBody | undefined,
      refused: Refused,
      status = 200,
    ) => {
      const member = request.actor as OrganizationMember
      const shell = await loadOrganizationShell(ctx, pages, request, reply)
      const { row } = await getProject(ctx, member, (request.params as z.infer<typeof params>).project)
      const stored = {
        redirect_urls: row.redirect_urls.join('\n'),
        origins: row.origins.join('\n'),
        after_sign_in_url: row.after_sign_in_url ?? '',
        after_sign_up_url: row.after_sign_up_url ?? '',
      }
      const asTyped = form && {
        redirect_urls: typed(form, 'redirect_urls'),
        origins: typed(form, 'origins'),
        after_sign_in_url: typed(form, 'after_sign_in_url'),
        after_sign_up_url: typed(form, 'after_sign_up_url'),
      }
      const page = (
        <ProjectUrlsPage
          shell={shell}
          project={projectView(row)}
          canWrite={roleMay(member.role, 'projects.write')}
          values={asTyped ?? stored}
          errors={refused.errors}
          lineErrors={refused.lineErrors}
          banner={refused.banner}
        />
      )
      return sendPage(ctx, reply, page, { status })
    }

    app.get(`${path}/urls`, { config: reading, schema: { ...pageSchema, params } }, async (request, reply) =>
      show(request, reply, undefined, nothingRefused),
    )

    app.post(
      `${path}/urls`,
      { config: writing, schema: { ...pageSchema, params, body } },
      async (request, reply) => {
        const { org, project } = request.params
        const form: FormBody = request.body
        const input = {
          redirectUrls: filledLines(form, 'redirect_urls'),
          origins: filledLines(form, 'origins'),
          afterSignInUrl: given(form, 'after_sign_in_url') ?? null,
          afterSignUpUrl: given(form, 'after_sign_up_url') ?? null,
        }
        const { data, refused } = parseForm(ProjectChange, input, form)
        if (refused) return show(request, reply, form, refused, 422)
        try {
          await changeProject(ctx, memberWho(request, 'projects.write'), project, changedFields(data))
        } catch (error) {
          const { status, refused } = refusedByUseCase(error, form)
          return show(request, reply, form, refused, status)
        }
        leaveFlash(ctx, reply, { title: 'Addresses saved', text: 'They count from the next request.' })
        return redirect(reply, urls.projectUrls(org, project))
      },
    )
  }

export const projectSettingsPages =
  (pages: Pages): Routes =>
  (app, ctx) => {
    type Shown = {
      form?: FormBody
      refused?: Refused
      dialog?: (frame: Frame) => ComponentChildren
      status?: number
    }
    const show = async (request: FastifyRequest, reply: FastifyReply, shown: Shown = {}) => {
      const { form, refused = nothingRefused, dialog, status = 200 } = shown
      const member = request.actor as OrganizationMember
      const shell = await loadOrganizationShell(ctx, pages, request, reply)
      const project = await getProject(ctx, member, (request.params as z.infer<typeof params>).project)
      const canWrite = roleMay(member.role, 'projects.write')
      const page = (
        <ProjectSettingsPage
          shell={shell}
          project={projectView(project.row)}
          canWrite={canWrite}
          values={form && { name: typed(form, 'name') }}
          errors={refused.errors}
          banner={refused.banner}
          dialog={dialog?.({ member, project, canWrite })}
        />
      )
      return sendPage(ctx, reply, page, { status })
    }

    app.get(
      `${path}/settings`,
      { config: reading, schema: { ...pageSchema, params, querystring: Query } },
      async (request, reply) => {
        const { org } = request.params
        const { dialog } = request.query
        return show(request, reply, {
          dialog: ({ project, canWrite }) => {
            const facts = { org, project: project.row, secretKeys: project.keys.length }
            if (canWrite && dialog === 'disable') return <DisableProjectDialog {...facts} />
            return canWrite && dialog === 'delete' ? <DeleteProjectDialog {...facts} /> : undefined
          },
        })
      },
    )

    // Without scripts the answer to a form stands at the form's own address, which somebody may open again.
    for (const posted of ['disable', 'enable', 'delete']) {
      app.get(
        `${path}/${posted}`,
        { config: reading, schema: { ...pageSchema, params } },
        async (request, reply) =>
          redirect(reply, urls.projectSettings(request.params.org, request.params.project)),
      )
    }

    app.post(
      `${path}/settings`,
      { config: writing, schema: { ...pageSchema, params, body } },
      async (request, reply) => {
        const { org, project } = request.params
        const form: FormBody = request.body
        const { data, refused } = parseForm(ProjectChange, { name: typed(form, 'name') }, form)
        if (refused) return show(request, reply, { form, refused, status: 422 })
        await changeProject(ctx, memberWho(request, 'projects.write'), project, changedFields(data))
        leaveFlash(ctx, reply, { title: 'Name saved' })
        return redirect(reply, urls.projectSettings(org, project))
      },
    )

    app.post(
      `${path}/disable`,
      { config: writing, schema: { ...pageSchema, params, body } },
      async (request, reply) => {
        const { org, project } = request.params
        await changeProject(ctx, memberWho(request, 'projects.write'), project, { status: 'disabled' })
        leaveFlash(ctx, reply, { title: 'Project disabled', text: 'Its keys are refused from now on.' })
        return redirect(reply, urls.projectSettings(org, project))
      },
    )

    app.post(
      `${path}/enable`,
      { config: writing, schema: { ...pageSchema, params, body } },
      async (request, reply) => {
        const { org, project } = request.params
        try {
          await changeProject(ctx, memberWho(request, 'projects.write'), project, { status: 'active' })
        } catch (error) {
          const { status, refused } = refusedByUseCase(error, {})
          return show(request, reply, { refused, status })
        }
        leaveFlash(ctx, reply, { title: 'Project enabled', text: 'Its keys are accepted again.' })
        return redirect(reply, urls.projectSettings(org, project))
      },
    )

    app.post(
      `${path}/delete`,
      { config: writing, schema: { ...pageSchema, params, body } },
      async (request, reply) => {
        const { org, project } = request.params
        const member = memberWho(request, 'projects.write')
        const { row, keys } = await getProject(ctx, member, project)
        const confirm = typed(request.body, 'confirm').trim()
        if (confirm !== row.slug) {
          const error = `Type ${row.slug} to confirm.`
          const dialog = () => (
            <DeleteProjectDialog
              org={org}
              project={row}
              secretKeys={keys.length}
              typed={confirm}
              error={error}
            />
          )
          return show(request, reply, { dialog, status: 422 })
        }
        await deleteProject(ctx, member, row.id)
        leaveFlash(ctx, reply, { title: 'Project deleted', text: 'Its keys are refused from now on.' })
        return redirect(reply, urls.projects(org))
      },
    )
  }
