import { z } from 'zod'
import { memberWho } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { answerOnce } from '../../http/idempotency.ts'
import { pageOf, pageQuery } from '../../http/schemas.ts'
import { changeEndpoint, createEndpoint, deleteEndpoint, getEndpoint, listEndpoints } from './endpoints.ts'
import { rotateEndpointSecret } from './rotation.ts'
import {
  EndpointChange,
  NewEndpoint,
  newEndpoint,
  SecretRotation,
  ShownEndpoint,
  ShownSecret,
  shownEndpoint,
} from './schemas.ts'

const ofOrganization = z.object({ org: z.string() })
const ofEndpoint = z.object({ org: z.string(), endpoint: z.string() })

export const webhookEndpointRoutes: Routes = (app, ctx) => {
  app.get(
    '/v1/orgs/:org/webhook-endpoints',
    {
      config: { permission: 'webhooks.read' },
      schema: {
        summary: 'Webhook endpoints, newest first',
        params: ofOrganization,
        querystring: pageQuery,
        response: { 200: pageOf(ShownEndpoint) },
      },
    },
    async (request) => {
      const member = memberWho(request, 'webhooks.read')
      const { rows, nextCursor } = await listEndpoints(ctx, member, request.query)
      return { data: rows.map(shownEndpoint), nextCursor }
    },
  )

  app.post(
    '/v1/orgs/:org/webhook-endpoints',
    {
      config: {
        permission: 'webhooks.write',
        limit: 'mutation',
        isIdempotent: true,
        errors: ['subscription_inactive', 'subscription_limit_exceeded'],
      },
      schema: {
        summary: 'Add a webhook endpoint',
        params: ofOrganization,
        body: NewEndpoint,
        response: {
          201: z
            .object({ endpoint: ShownEndpoint, secret: ShownSecret })
            .meta({ id: 'CreatedWebhookEndpoint' }),
        },
      },
    },
    (request, reply) => {
      const show = ({ endpoint, secret }: Awaited<ReturnType<typeof createEndpoint>>) => ({
        endpoint: shownEndpoint(endpoint),
        secret,
      })
      return answerOnce(ctx, request, reply, { status: 201, show }, () =>
        createEndpoint(ctx, memberWho(request, 'webhooks.write'), newEndpoint(request.body)),
      )
    },
  )

  app.get(
    '/v1/orgs/:org/webhook-endpoints/:endpoint',
    {
      config: { permission: 'webhooks.read' },
      schema: { summary: 'A webhook endpoint', params: ofEndpoint, response: { 200: ShownEndpoint } },
    },
    async (request) => {
      const { endpoint } = request.params
      return shownEndpoint(await getEndpoint(ctx, memberWho(request, 'webhooks.read'), endpoint))
    },
  )

  app.patch(
    '/v1/orgs/:org/webhook-endpoints/:endpoint',
    {
      config: {
        permission: 'webhooks.write',
        limit: 'mutation',
        errors: ['conflict', 'subscription_inactive'],
      },
      schema: {
        summary: 'Change a webhook endpoint, or switch it off or on',
        params: ofEndpoint,
        body: EndpointChange,
        response: { 200: ShownEndpoint },
      },
    },
    async (request) => {
      const member = memberWho(request, 'webhooks.write')
      return shownEndpoint(await changeEndpoint(ctx, member, request.params.endpoint, request.body))
    },
  )

  app.delete(
    '/v1/orgs/:org/webhook-endpoints/:endpoint',
    {
      config: { permission: 'webhooks.write', limit: 'mutation' },
      schema: { summary: 'Delete a webhook endpoint', params: ofEndpoint, response: { 204: z.null() } },
    },
    async (request, reply) => {
      await deleteEndpoint(ctx, memberWho(request, 'webhooks.write'), request.params.endpoint)
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/v1/orgs/:org/webhook-endpoints/:endpoint/rotate-secret',
    {
      config: { permission: 'webhooks.write', limit: 'mutation', isIdempotent: true, errors: ['conflict'] },
      schema: {
        summary: 'A new signing secret; the one before ends, at once or after an overlap',
        params: ofEndpoint,
        body: SecretRotation.nullish(),
        response: { 200: z.object({ secret: ShownSecret }).meta({ id: 'RotatedWebhookSecret' }) },
      },
    },
    (request, reply) =>
      answerOnce(ctx, request, reply, { status: 200, show: (rotated) => rotated }, () =>
        rotateEndpointSecret(
          ctx,
          memberWho(request, 'webhooks.write'),
          request.params.endpoint,
          request.body?.overlapSeconds ?? 0,
        ),
      ),
  )
}
