import { z } from 'zod'
import { memberWho } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { answerOnce } from '../../http/idempotency.ts'
import { pageOf } from '../../http/schemas.ts'
import { getDelivery, listDeliveries } from './deliveries.ts'
import { previewReplay, replayEvents } from './replay.ts'
import { retryDelivery } from './retry.ts'
import {
  DeliverySearch,
  EndpointReplay,
  EndpointTest,
  ReplayCount,
  ShownDelivery,
  ShownDeliveryInFull,
  shownDelivery,
  shownDeliveryInFull,
  TestDelivery,
} from './schemas.ts'
import { testEndpoint } from './test-endpoint.ts'

const ofEndpoint = z.object({ org: z.string(), endpoint: z.string() })
const ofDelivery = z.object({ org: z.string(), delivery: z.string() })

export const webhookDeliveryRoutes: Routes = (app, ctx) => {
  app.get(
    '/v1/orgs/:org/webhook-deliveries',
    {
      config: { permission: 'webhooks.read' },
      schema: {
        summary: 'Deliveries to webhook endpoints, newest first',
        params: z.object({ org: z.string() }),
        querystring: DeliverySearch,
        response: { 200: pageOf(ShownDelivery) },
      },
    },
    async (request) => {
      const member = memberWho(request, 'webhooks.read')
      const { limit, cursor, ...filters } = request.query
      const { rows, nextCursor } = await listDeliveries(ctx, member, filters, { limit, cursor })
      return { data: rows.map(shownDelivery), nextCursor }
    },
  )

  app.get(
    '/v1/orgs/:org/webhook-deliveries/:delivery',
    {
      config: { permission: 'webhooks.read' },
      schema: {
        summary: 'A delivery with what it sends and all its attempts',
        params: ofDelivery,
        response: { 200: ShownDeliveryInFull },
      },
    },
    async (request) => {
      const { delivery } = request.params
      return shownDeliveryInFull(await getDelivery(ctx, memberWho(request, 'webhooks.read'), delivery))
    },
  )

  app.post(
    '/v1/orgs/:org/webhook-deliveries/:delivery/retry',
    {
      config: { permission: 'webhooks.write', limit: 'mutation', isIdempotent: true, errors: ['conflict'] },
      schema: {
        summary: 'Attempt a delivery now; when that fails, its schedule goes on behind it',
        params: ofDelivery,
        response: { 202: ShownDelivery },
      },
    },
    (request, reply) =>
      answerOnce(ctx, request, reply, { status: 202, show: shownDelivery }, () =>
        retryDelivery(ctx, memberWho(request, 'webhooks.write'), request.params.delivery),
      ),
  )

  app.post(
    '/v1/orgs/:org/webhook-endpoints/:endpoint/test',
    {
      config: { permission: 'webhooks.write', limit: 'mutation', isIdempotent: true },
      schema: {
        summary: 'Send a test to an endpoint alone, also when it is disabled',
        params: ofEndpoint,
        body: EndpointTest.nullish(),
        response: { 202: TestDelivery },
      },
    },
    (request, reply) =>
      answerOnce(ctx, request, reply, { status: 202, show: (made) => made }, () =>
        testEndpoint(
          ctx,
          memberWho(request, 'webhooks.write'),
          request.params.endpoint,
          request.body?.eventType,
        ),
      ),
  )

  app.post(
    '/v1/orgs/:org/webhook-endpoints/:endpoint/replay',
    {
      config: { permission: 'webhooks.write', limit: 'mutation', isIdempotent: true, errors: ['conflict'] },
      schema: {
        summary: 'Send events of a time to an endpoint again, at most 5,000 at once, or count them',
        params: ofEndpoint,
        body: EndpointReplay,
        response: { 200: ReplayCount, 202: ReplayCount },
      },
    },
    (request, reply) => {
      const member = memberWho(request, 'webhooks.write')
      const { dryRun, ...replay } = request.body
      const { endpoint } = request.params
      const useCase = dryRun ? previewReplay : replayEvents
      return answerOnce(ctx, request, reply, { status: dryRun ? 200 : 202, show: (count) => count }, () =>
        useCase(ctx, member, endpoint, replay),
      )
    },
  )
}
