import { expect } from 'vitest'
import { newId } from '../../src/lib/ids.ts'
import { appOrigin, callback, refresh, revoke } from './app-sign-in.ts'
import type { CacheName, Household } from './cached-answers.ts'
import { type Answer, cookieOf } from './http.ts'
import type { OidcWorld } from './oidc-world.ts'

type Act = (oidc: OidcWorld, household: Household) => Promise<Answer | unknown>

export type AnswerChange = {
  name: string
  /** What happens before anybody reads; may say more of the household. */
  prepare?: (oidc: OidcWorld, household: Household) => Promise<Partial<Household> | undefined>
  act: Act
  /** Whose answers are others afterwards. */
  alters: CacheName[]
}

const ofProject: CacheName[] = ['secret_keys', 'client_configs', 'registered_origins']
const ofVisit: CacheName[] = ['project_sessions', 'project_access_tokens']
const ofSession: CacheName[] = ['sessions', 'access_tokens', 'me']

const projectPath = ({ organization, project }: Household) =>
  `/v1/orgs/${organization.id}/projects/${project.id}`
const memberPath = (organizationId: string, userId: string) => `/v1/orgs/${organizationId}/members/${userId}`
const patchProject =
  (body: Record<string, unknown>): Act =>
  (_oidc, household) =>
    household.owner.patch(projectPath(household), body)
const rotate = ({ owner, ...household }: Household, body: Record<string, unknown> = {}) =>
  owner.post(`${projectPath({ owner, ...household })}/rotate-secret`, body)

const elsewhere = ({ world }: OidcWorld, { owner }: Household) => world.signIn(owner.email)
const sessionId = async ({ owner }: Household): Promise<string> => (await owner.get('/v1/me')).body.session.id
const bySql =
  (statement: string, value: (household: Household) => string): Act =>
  ({ world }, household) =>
    world.sql(statement, [value(household)])

/** Every kind of change that a kept answer must not outlive. */
export const answerChanges: AnswerChange[] = [
  { name: 'secret key rotated', act: (_, household) => rotate(household), alters: ['secret_keys'] },
  {
    name: 'secret key rotated with overlap',
    act: (_, household) => rotate(household, { overlapSeconds: 3_600 }),
    alters: [],
  },
  {
    name: 'secret key revoked',
    prepare: async (_, household) => void (await rotate(household, { overlapSeconds: 3_600 })),
    act: async (_, household) => {
      const path = projectPath(household)
      const { secretKeys } = (await household.owner.get(path)).body
      const { id } = secretKeys.find(({ prefix }: { prefix: string }) =>
        household.project.secretKey.startsWith(prefix),
      )
      return household.owner.delete(`${path}/secret-keys/${id}`)
    },
    alters: ['secret_keys'],
  },
  {
    name: 'secret key ended by SQL',
    act: bySql(
      'update secret_keys set expires_at = now() where project_id = $1',
      ({ project }) => project.id,
    ),
    alters: ['secret_keys'],
  },
  {
    name: 'project disabled',
    act: patchProject({ status: 'disabled' }),
    alters: [...ofProject, ...ofVisit],
  },
  {
    name: 'project enabled',
    prepare: async (_, household) =>
      void (await household.owner.patch(projectPath(household), { status: 'disabled' })),
    act: patchProject({ status: 'active' }),
    alters: ofProject,
  },
  {
    name: 'project renamed',
    act: patchProject({ name: 'Renamed', slug: 'renamed' }),
    alters: ['secret_keys', 'client_configs'],
  },
  {
    name: 'project deleted',
    act: (_, household) => household.owner.delete(projectPath(household)),
    alters: [...ofProject, ...ofVisit],
  },
  {
    name: 'URLs changed',
    act: patchProject({ origins: ['https://elsewhere.household.test'], redirectUrls: [callback] }),
    alters: ['client_configs', 'registered_origins'],
  },
  {
    name: 'page after sign-in changed',
    act: patchProject({ afterSignInUrl: `${appOrigin}/welcome` }),
    alters: ['client_configs'],
  },
  {
    name: 'organization renamed',
    act: (_, { owner, organization }) => owner.patch(`/v1/orgs/${organization.id}`, { name: 'Renamed' }),
    alters: ['secret_keys', 'client_configs', 'me'],
  },
  {
    name: 'organization deleted',
    act: (_, { owner, organization: { id, slug } }) => owner.delete(`/v1/orgs/${id}`, { confirm: slug }),
    alters: [...ofProject, ...ofVisit, 'me'],
  },
  {
    name: 'organization restored by SQL',
    prepare: async (_, { owner, organization: { id, slug } }) =>
      void (await owner.delete(`/v1/orgs/${id}`, { confirm: slug })),
    act: bySql(
      'update organizations set deleted_at = null where id = $1',
      ({ organization }) => organization.id,
    ),
    alters: [...ofProject, 'me'],
  },
  {
    name: 'plan changed by SQL',
    act: bySql(
      `update subscriptions set plan_key = 'scale' where organization_id = $1`,
      ({ organization }) => organization.id,
    ),
    alters: ['me'],
  },
  { name: 'session signed out', act: (_, { owner }) => owner.post('/v1/auth/logout'), alters: ofSession },
  {
    name: 'session revoked by the person',
    act: async (oidc, household) => {
      const id = await sessionId(household)
      return (await elsewhere(oidc, household)).delete(`/v1/auth/sessions/${id}`)
    },
    alters: ofSession,
  },
  {
    name: 'all sessions revoked by the person',
    act: async (oidc, household) => (await elsewhere(oidc, household)).delete('/v1/auth/sessions'),
    alters: ofSession,
  },
  {
    name: 'person disabled by a platform admin',
    act: async ({ world }, { owner }) =>
      (await world.platformAdmin()).post(`/v1/platform/users/${owner.id}/disable`),
    alters: ofSession,
  },
  {
    name: 'sessions of a person revoked by the organization',
    prepare: async (_, { owner, organization }) => void (await owner.get(`/v1/orgs/${organization.id}`)),
    act: async ({ world }, { owner, organization }) =>
      (await world.member(organization, 'owner')).post(`/v1/orgs/${organization.id}/sessions/revoke`, {
        filter: { user: owner.id },
      }),
    alters: ofSession,
  },
  {
    name: 'session revoked by the organization',
    prepare: async (_, { owner, organization }) => void (await owner.get(`/v1/orgs/${organization.id}`)),
    act: async ({ world }, household) => {
      const { organization } = household
      const admin = await world.member(organization, 'owner')
      return admin.delete(`/v1/orgs/${organization.id}/sessions/${await sessionId(household)}`)
    },
    alters: ofSession,
  },
  {
    name: 'organization refuses a session of somebody who has another',
    prepare: async ({ world }, { owner, organization }) => {
      await owner.post('/v1/orgs', { name: 'Second' })
      await owner.get(`/v1/orgs/${organization.id}`)
      await world.sql('select 1')
      return undefined
    },
    act: async ({ world }, household) => {
      const { organization } = household
      const admin = await world.member(organization, 'owner')
      return admin.delete(`/v1/orgs/${organization.id}/sessions/${await sessionId(household)}`)
    },
    alters: ['me'],
  },
  {
    name: 'session replaced by a sign-in of the same browser',
    act: ({ world }, { owner: { email, password, cookie } }) =>
      world.withCookie(cookie).post('/v1/auth/login', { email, password }),
    alters: ofSession,
  },
  {
    name: 'password changed elsewhere',
    act: async (oidc, household) =>
      (await elsewhere(oidc, household)).post('/v1/users/me/password', {
        current_password: household.owner.password,
        new_password: 'another-long-password',
      }),
    alters: ofSession,
  },
  {
    name: 'session refreshed',
    act: (_, { owner }) => owner.post('/v1/auth/refresh'),
    alters: [],
  },
  {
    name: 'session refreshed and the new token used',
    act: async ({ world }, { owner }) => {
      const next = world.withCookie(cookieOf(await owner.post('/v1/auth/refresh')) ?? '')
      // Whoever shows the old one from now on ends the session, perhaps before this is answered.
      await next.get('/v1/users/me')
    },
    alters: ofSession,
  },
  {
    name: 'step-up',
    act: (_, { owner }) => owner.post('/v1/auth/reauthenticate', { password: owner.password }),
    alters: ['sessions', 'me'],
  },
  {
    name: 'back-channel logout of the provider',
    prepare: async (oidc) => {
      const sub = newId('usr')
      oidc.person({ sub })
      const signedIn = await oidc.signedIn(sub)
      const refreshed = await signedIn.post('/v1/auth/refresh')
      const cookie = cookieOf(refreshed) ?? ''
      const owner = oidc.world.withCookie(cookie)
      const { access_token: accessToken } = refreshed.body
      return { owner: { ...owner, id: sub, email: '', password: '', cookie, accessToken } }
    },
    act: async (oidc, { owner }) =>
      oidc.world.anonymous.call({
        method: 'POST',
        path: '/auth/backchannel-logout',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({
          logout_token: await oidc.provider.logoutToken({ sub: owner.id }),
        }).toString(),
      }),
    alters: ofSession,
  },
  {
    name: 'person disabled by SQL',
    act: bySql('update users set disabled_at = now() where id = $1', ({ owner }) => owner.id),
    alters: ofSession,
  },
  {
    name: 'visitor disabled by SQL',
    act: bySql('update users set disabled_at = now() where id = $1', ({ visitor }) => visitor.id),
    alters: ofVisit,
  },
  {
    name: 'profile changed',
    act: (_, { owner }) => owner.patch('/v1/users/me', { display_name: 'Renamed' }),
    alters: ['me', 'access_tokens', 'sessions'],
  },
  {
    name: 'address of the visitor changed by SQL',
    act: bySql(`update users set email = 'other.' || email where id = $1`, ({ visitor }) => visitor.id),
    alters: ofVisit,
  },
  {
    name: 'member removed',
    act: async ({ world }, { organization, owner }) =>
      (await world.member(organization, 'owner')).delete(memberPath(organization.id, owner.id)),
    alters: ['me'],
  },
  {
    name: 'role changed',
    act: async ({ world }, { organization, owner }) =>
      (await world.member(organization, 'owner')).patch(memberPath(organization.id, owner.id), {
        role: 'viewer',
      }),
    alters: ['me'],
  },
  {
    name: 'visitor removed who had become a member',
    prepare: async ({ world }, { organization, visitor }) =>
      void (await world.sql(`insert into memberships values ($1, $2, $3, 'viewer')`, [
        newId('mem'),
        organization.id,
        visitor.id,
      ])),
    act: (_, { organization, owner, visitor }) => owner.delete(memberPath(organization.id, visitor.id)),
    alters: ofVisit,
  },
  {
    name: 'membership removed by SQL',
    act: bySql('delete from memberships where user_id = $1', ({ owner }) => owner.id),
    alters: ['me'],
  },
  {
    name: 'role changed by SQL',
    act: bySql(`update memberships set role = 'viewer' where user_id = $1`, ({ owner }) => owner.id),
    alters: ['me'],
  },
  {
    name: 'visitor made a member by SQL',
    act: ({ world }, { organization, visitor }) =>
      world.sql(
        `insert into memberships (id, organization_id, user_id, role) values ($1, $2, $3, 'viewer')`,
        [newId('mem'), organization.id, visitor.id],
      ),
    alters: ofVisit,
  },
  {
    name: 'grant taken back',
    act: (_, { visitor, project }) => visitor.delete(`/v1/me/grants/${project.id}`),
    alters: ofVisit,
  },
  {
    name: 'project session signed out',
    act: ({ world }, { project, visit }) => revoke(world, project, visit.sessionToken),
    alters: ofVisit,
  },
  {
    name: 'project session revoked by the visitor',
    act: async (_, { visitor }) => {
      const { data } = (await visitor.get('/v1/me/project-sessions')).body
      return visitor.delete(`/v1/me/project-sessions/${data[0].id}`)
    },
    alters: ofVisit,
  },
  {
    name: 'visitor signed out',
    act: (_, { visitor }) => visitor.post('/v1/auth/logout'),
    alters: ofVisit,
  },
  {
    name: 'project session refreshed and the new token used',
    act: async ({ world }, { project, visit }) => {
      const { body } = await refresh(world, project, visit.sessionToken)
      await refresh(world, project, body.sessionToken)
    },
    alters: ofVisit,
  },
]

/** Makes the change; fails where it was not acknowledged. */
export async function makeChange(oidc: OidcWorld, change: AnswerChange, household: Household): Promise<void> {
  const answer = (await change.act(oidc, household)) as Partial<Answer> | undefined
  if (answer?.status !== undefined) expect(answer.status, change.name).toBeLessThan(300)
}
