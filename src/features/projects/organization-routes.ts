import { z } from 'zod'
import { memberWho } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { answerOnce } from '../../http/idempotency.ts'
import { pageOf, pageQuery } from '../../http/schemas.ts'
import { changeProject, createProject, deleteProject, getProject, listProjects } from './projects.ts'
import {
  CreatedProject,
  changedFields,
  NewProject,
  newProject,
  ProjectChange,
  ShownProject,
  shown,
} from './schemas.ts'

const ofOrganization = z.object({ org: z.string() })
const ofProject = z.object({ org: z.string(), project: z.string() })

export const projectRoutes: Routes = (app, ctx) => {
  app.get(
    '/v1/orgs/:org/projects',
    {
      config: { permission: 'projects.read' },
      schema: {
        summary: 'Projects, newest first',
        params: ofOrganization,
        querystring: pageQuery,
        response: { 200: pageOf(ShownProject) },
      },
    },
    async (request) => {
      const member = memberWho(request, 'projects.read')
      const { projects, nextCursor } = await listProjects(ctx, member, request.query)
      return { data: projects.map((project) => shown(member, project)), nextCursor }
    },
  )

  app.post(
    '/v1/orgs/:org/projects',
    {
      config: {
        permission: 'projects.write',
        limit: 'mutation',
        isIdempotent: true,
        errors: ['conflict', 'subscription_inactive', 'subscription_limit_exceeded'],
      },
      schema: {
        summary: 'Add a project',
        params: ofOrganization,
        body: NewProject,
        response: { 201: CreatedProject },
      },
    },
    (request, reply) => {
      const member = memberWho(request, 'projects.write')
      const show = ({ project, secretKey }: Awaited<ReturnType<typeof createProject>>) => ({
        project: shown(member, project),
        secretKey,
      })
      return answerOnce(ctx, request, reply, { status: 201, show }, () =>
        createProject(ctx, member, newProject(request.body)),
      )
    },
  )

  app.get(
    '/v1/orgs/:org/projects/:project',
    {
      config: { permission: 'projects.read' },
      schema: { summary: 'A project', params: ofProject, response: { 200: ShownProject } },
    },
    async (request) => {
      const member = memberWho(request, 'projects.read')
      return shown(member, await getProject(ctx, member, request.params.project))
    },
  )

  app.patch(
    '/v1/orgs/:org/projects/:project',
    {
      config: {
        permission: 'projects.write',
        limit: 'mutation',
        errors: ['conflict', 'subscription_inactive'],
      },
      schema: {
        summary: 'Change a project',
        params: ofProject,
        body: ProjectChange,
        response: { 200: ShownProject },
      },
    },
    async (request) => {
      const member = memberWho(request, 'projects.write')
      const { project } = request.params
      return shown(member, await changeProject(ctx, member, project, changedFields(request.body)))
    },
  )

  app.delete(
    '/v1/orgs/:org/projects/:project',
    {
      config: { permission: 'projects.write', limit: 'mutation' },
      schema: { summary: 'Delete a project with its keys', params: ofProject, response: { 204: z.null() } },
    },
    async (request, reply) => {
      await deleteProject(ctx, memberWho(request, 'projects.write'), request.params.project)
      return reply.code(204).send(null)
    },
  )
}
