import { z } from 'zod'
import { platformAdmin } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { pageOf } from '../../http/schemas.ts'
import { findOrganizations } from './organizations.ts'
import {
  KeySearch,
  OrganizationSearch,
  PlatformOrganization,
  PlatformSecretKey,
  PlatformUser,
  shownKey,
  shownOrganization,
  shownUser,
  UserSearch,
} from './schemas.ts'
import { findKeys } from './secret-keys.ts'
import { disableUser, enableUser, findUsers } from './users.ts'

const ofUser = z.object({ user: z.string() })

export const platformRoutes: Routes = (app, ctx) => {
  app.get(
    '/v1/platform/organizations',
    {
      schema: {
        summary: 'Search all organizations, newest first',
        querystring: OrganizationSearch,
        response: { 200: pageOf(PlatformOrganization) },
      },
    },
    async (request) => {
      const { query, ...page } = request.query
      const { rows, nextCursor } = await findOrganizations(ctx, platformAdmin(request), query, page)
      return { data: rows.map(shownOrganization), nextCursor }
    },
  )

  app.get(
    '/v1/platform/users',
    {
      schema: {
        summary: 'Search all people, newest first',
        querystring: UserSearch,
        response: { 200: pageOf(PlatformUser) },
      },
    },
    async (request) => {
      const { query, organization, ...page } = request.query
      const filters = { query, organization }
      const { users, nextCursor } = await findUsers(ctx, platformAdmin(request), filters, page)
      return { data: users.map(shownUser), nextCursor }
    },
  )

  app.post(
    '/v1/platform/users/:user/disable',
    {
      config: { limit: 'mutation', errors: ['not_found', 'conflict'] },
      schema: {
        summary: 'End all sessions of a person and let them sign in no more',
        params: ofUser,
        response: { 200: PlatformUser },
      },
    },
    async (request) => shownUser(await disableUser(ctx, platformAdmin(request), request.params.user)),
  )

  app.post(
    '/v1/platform/users/:user/enable',
    {
      config: { limit: 'mutation', errors: ['not_found'] },
      schema: {
        summary: 'Let a disabled person sign in again',
        params: ofUser,
        response: { 200: PlatformUser },
      },
    },
    async (request) => shownUser(await enableUser(ctx, platformAdmin(request), request.params.user)),
  )

  app.get(
    '/v1/platform/secret-keys',
    {
      schema: {
        summary: 'Which project the prefix of a secret key belongs to; each look-up is audited',
        querystring: KeySearch,
        response: { 200: pageOf(PlatformSecretKey) },
      },
    },
    async (request) => {
      const { prefix, ...page } = request.query
      const { rows, nextCursor } = await findKeys(ctx, platformAdmin(request), prefix, page)
      return { data: rows.map(shownKey), nextCursor }
    },
  )
}
