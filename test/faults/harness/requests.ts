import { expect } from 'vitest'
import { exchangeFor, makeApp, signInTo } from '../../support/app-sign-in.ts'
import type { Caller } from '../../support/caller.ts'
import type { Answer } from '../../support/http.ts'
import { makeInvitation } from '../../support/invitations.ts'
import { newMember, newTenant } from '../../support/tenants.ts'
import type { Organization, Person, Project, World } from '../../support/world.ts'

/** One request that succeeds as things are, made ready by other requests. */
export type Prepared = {
  caller: Caller
  body?: unknown
  values?: Record<string, string>
  query?: Record<string, string>
}

/** What every preparation begins with: an owner with a project that people can sign in to. */
export type Scene = { world: World; organization: Organization; owner: Person; project: Project }

export async function makeScene(world: World): Promise<Scene> {
  const organization = await world.organization({ plan: 'pro' })
  const project = await makeApp(world, organization)
  return { world, organization, owner: organization.owner, project }
}

const asOwner = ({ owner, organization, project }: Scene): Prepared => ({
  caller: owner,
  values: { org: organization.id, project: project.id },
})
const asAnyone = ({ world }: Scene): Prepared => ({ caller: world.anonymous })
const asClient = ({ world, project }: Scene) => world.withPublishableKey(project.publishableKey)
const asBackend = ({ world, project }: Scene) => world.withBearer(project.secretKey)
const withBody = (body: unknown) => async (scene: Scene) => ({ ...asOwner(scene), body })
const plain = async (scene: Scene) => asOwner(scene)
let count = 0
const unique = () => `${++count}`

async function ofProjectSession(scene: Scene): Promise<string> {
  await signInTo(scene.world, scene.project, scene.owner)
  return (await scene.owner.get('/v1/me/project-sessions')).body.data[0].id
}

/** The body of a request that adds an endpoint which wants what nothing makes here. */
const newEndpoint = { url: 'https://receiver.example/hook', eventTypes: ['usage.recorded'] }

const withEndpoint = (body?: () => unknown) => async (scene: Scene) => {
  const { organization, owner } = scene
  const { endpoint } = (await owner.post(`/v1/orgs/${organization.id}/webhook-endpoints`, newEndpoint)).body
  return {
    ...asOwner(scene),
    values: { org: organization.id, endpoint: endpoint.id },
    ...(body ? { body: body() } : {}),
  }
}

/** A test of an endpoint, which nobody attempts here. */
async function withDelivery(scene: Scene) {
  const { caller, values } = await withEndpoint()(scene)
  const { org = '', endpoint = '' } = values ?? {}
  const tested = await caller.post(`/v1/orgs/${org}/webhook-endpoints/${endpoint}/test`)
  return { caller, values: { org, delivery: tested.body.deliveryId } }
}

/** A new member, and a body that says what becomes of them. */
const withMember = (body?: unknown) => async (scene: Scene) => ({
  ...asOwner(scene),
  values: { org: scene.organization.id, user: await newMember(scene.world, scene.organization, 'member') },
  ...(body ? { body } : {}),
})

const withInvitation = async (scene: Scene) => ({
  ...asOwner(scene),
  values: { org: scene.organization.id, invitation: (await makeInvitation(scene.organization)).id },
})

const asAdmin = async ({ world, organization }: Scene) => ({
  caller: await world.platformAdmin(),
  values: { org: organization.id },
})

/** Another session of the owner that this organization has seen. */
async function sessionSeen({ world, organization, owner }: Scene): Promise<string> {
  const other = await world.signIn(owner.email)
  await other.get(`/v1/orgs/${organization.id}`)
  return (await other.get('/v1/auth/session')).body.user.session_id
}

/** Every documented route with a request that succeeds. A route without a line here fails the sweep. */
export const requests: Record<string, (scene: Scene) => Promise<Prepared>> = {
  'GET /livez': async (scene) => asAnyone(scene),
  'GET /healthz': async (scene) => asAnyone(scene),
  'GET /v1/config': async (scene) => asAnyone(scene),
  'GET /v1/plans': async (scene) => asAnyone(scene),
  'GET /.well-known/jwks.json': async (scene) => asAnyone(scene),

  'POST /v1/auth/register': async ({ world }) => ({
    caller: world.anonymous,
    body: {
      email: `swept${unique()}@example.com`,
      password: 'correct-horse-battery',
      organization_name: 'Swept',
    },
  }),
  'POST /v1/auth/login': async ({ world, owner: { email, password } }) => ({
    caller: world.anonymous,
    body: { email, password },
  }),
  'POST /v1/auth/logout': async ({ world, owner }) => ({ caller: await world.signIn(owner.email) }),
  'GET /v1/auth/session': plain,
  'POST /v1/auth/refresh': async ({ world, owner }) => ({ caller: await world.signIn(owner.email) }),
  'GET /v1/auth/sessions': plain,
  'DELETE /v1/auth/sessions': async ({ world, owner }) => ({ caller: await world.signIn(owner.email) }),
  'DELETE /v1/auth/sessions/{session}': async (scene) => {
    const other = await scene.world.signIn(scene.owner.email)
    const { session_id } = (await other.get('/v1/auth/session')).body.user
    return { caller: scene.owner, values: { session: session_id } }
  },
  'POST /v1/auth/reauthenticate': async ({ world, owner }) => ({
    caller: await world.signIn(owner.email),
    body: { password: owner.password },
  }),
  'GET /v1/auth/invitations/preview': async ({ world, organization }) => ({
    caller: world.anonymous,
    query: { token: (await makeInvitation(organization)).token },
  }),
  'POST /v1/auth/invitations/accept': async ({ world, organization }) => ({
    caller: world.anonymous,
    body: {
      token: (await makeInvitation(organization)).token,
      email: `swept${unique()}@example.com`,
      password: 'correct-horse-battery',
    },
  }),
  'POST /v1/auth/invitations/decline': async ({ world, organization, owner }) => ({
    caller: (await newTenant(world, owner)).owner,
    body: { token: (await makeInvitation(organization)).token },
  }),

  'GET /v1/users/me': plain,
  'PATCH /v1/users/me': async (scene) => ({
    ...asOwner(scene),
    body: { display_name: `Swept ${unique()}` },
  }),
  'POST /v1/users/me/password': async ({ world, owner }) => ({
    caller: await world.signIn(owner.email),
    body: { current_password: owner.password, new_password: owner.password, sign_out_other_sessions: false },
  }),
  'POST /v1/me/active-organization': async (scene) => ({
    caller: scene.owner,
    body: { organizationId: scene.organization.id },
  }),
  'GET /v1/me': plain,
  'GET /v1/me/project-sessions': plain,
  'DELETE /v1/me/project-sessions/{projectSession}': async (scene) => ({
    caller: scene.owner,
    values: { projectSession: await ofProjectSession(scene) },
  }),
  'GET /v1/me/grants': plain,
  'DELETE /v1/me/grants/{project}': async ({ world, project }) => {
    const stranger = (await world.organization()).owner
    await signInTo(world, project, stranger)
    return { caller: stranger, values: { project: project.id } }
  },
  'GET /v1/audit-logs': plain,

  'GET /v1/client/config': async (scene) => ({ caller: asClient(scene) }),
  'POST /v1/client/sessions/exchange': async (scene) => ({
    caller: asClient(scene),
    body: await exchangeFor(scene.owner, scene.project),
  }),
  'POST /v1/client/sessions/refresh': async (scene) => {
    const { sessionToken } = await signInTo(scene.world, scene.project, scene.owner)
    return { caller: asClient(scene), body: { sessionToken } }
  },
  'POST /v1/client/sessions/revoke': async (scene) => {
    const { sessionToken } = await signInTo(scene.world, scene.project, scene.owner)
    return { caller: asClient(scene), body: { sessionToken } }
  },
  'GET /v1/backend/application': async (scene) => ({ caller: asBackend(scene) }),
  'GET /v1/backend/events': async (scene) => ({ caller: asBackend(scene) }),
  'GET /v1/backend/audit-logs': async (scene) => ({ caller: asBackend(scene) }),
  'POST /v1/backend/sessions/exchange': async (scene) => ({
    caller: asBackend(scene),
    body: await exchangeFor(scene.owner, scene.project),
  }),
  'POST /v1/backend/sessions/verify': async (scene) => {
    const { accessToken } = await signInTo(scene.world, scene.project, scene.owner)
    return { caller: asBackend(scene), body: { token: accessToken } }
  },
  'POST /v1/backend/usage': async (scene) => ({
    caller: asBackend(scene),
    body: { metric: 'api_requests', quantity: 3, idempotencyKey: `swept${unique()}` },
  }),

  'GET /v1/orgs': plain,
  'POST /v1/orgs': async (scene) => ({ ...asOwner(scene), body: { name: `Swept ${unique()}` } }),
  'GET /v1/orgs/{org}': plain,
  'PATCH /v1/orgs/{org}': async (scene) => ({ ...asOwner(scene), body: { name: `Swept ${unique()}` } }),
  'DELETE /v1/orgs/{org}': async (scene) => {
    const made = (await scene.owner.post('/v1/orgs', { name: `Swept ${unique()}` })).body
    return { caller: scene.owner, values: { org: made.id }, body: { confirm: made.slug } }
  },
  'GET /v1/orgs/{org}/sessions': plain,
  'DELETE /v1/orgs/{org}/sessions/{session}': async (scene) => ({
    ...asOwner(scene),
    values: { org: scene.organization.id, session: await sessionSeen(scene) },
  }),
  'POST /v1/orgs/{org}/sessions/revoke': async (scene) => ({
    ...asOwner(scene),
    body: { sessionIds: [await sessionSeen(scene)] },
  }),
  'GET /v1/orgs/{org}/members': plain,
  'PATCH /v1/orgs/{org}/members/{user}': withMember({ role: 'viewer' }),
  'DELETE /v1/orgs/{org}/members/{user}': withMember(),
  'GET /v1/orgs/{org}/invitations': plain,
  'POST /v1/orgs/{org}/invitations': withBody({ role: 'member' }),
  'DELETE /v1/orgs/{org}/invitations/{invitation}': withInvitation,
  'POST /v1/orgs/{org}/invitations/{invitation}/resend': withInvitation,
  'GET /v1/orgs/{org}/subscription': plain,
  'GET /v1/orgs/{org}/usage': plain,
  'GET /v1/orgs/{org}/audit-logs': plain,
  // Its first text is its first batch: a table of comma-separated values has begun before it asks for one.
  'GET /v1/orgs/{org}/audit-logs/export': async (scene) => ({
    ...asOwner(scene),
    query: { format: 'ndjson' },
  }),
  'GET /v1/orgs/{org}/audit-logs/verify': plain,
  'GET /v1/orgs/{org}/events': plain,
  'GET /v1/orgs/{org}/webhook-endpoints': plain,
  'POST /v1/orgs/{org}/webhook-endpoints': withBody(newEndpoint),
  'GET /v1/orgs/{org}/webhook-endpoints/{endpoint}': withEndpoint(),
  'PATCH /v1/orgs/{org}/webhook-endpoints/{endpoint}': withEndpoint(() => ({
    description: `Swept ${unique()}`,
  })),
  'DELETE /v1/orgs/{org}/webhook-endpoints/{endpoint}': withEndpoint(),
  'POST /v1/orgs/{org}/webhook-endpoints/{endpoint}/rotate-secret': withEndpoint(() => ({})),
  'POST /v1/orgs/{org}/webhook-endpoints/{endpoint}/test': withEndpoint(),
  'POST /v1/orgs/{org}/webhook-endpoints/{endpoint}/replay': withEndpoint(() => ({ from: new Date(0) })),
  'GET /v1/orgs/{org}/webhook-deliveries': plain,
  'GET /v1/orgs/{org}/webhook-deliveries/{delivery}': withDelivery,
  'POST /v1/orgs/{org}/webhook-deliveries/{delivery}/retry': withDelivery,
  'GET /v1/orgs/{org}/projects': plain,
  'POST /v1/orgs/{org}/projects': withBody({ name: 'Swept' }),
  'GET /v1/orgs/{org}/projects/{project}': plain,
  'PATCH /v1/orgs/{org}/projects/{project}': async (scene) => ({
    ...asOwner(scene),
    body: { name: `Swept ${unique()}` },
  }),
  'DELETE /v1/orgs/{org}/projects/{project}': async (scene) => {
    const { id } = await scene.world.project(scene.organization)
    return { caller: scene.owner, values: { org: scene.organization.id, project: id } }
  },
  'POST /v1/orgs/{org}/projects/{project}/rotate-secret': async (scene) => {
    const { id } = await scene.world.project(scene.organization)
    return { caller: scene.owner, values: { org: scene.organization.id, project: id }, body: {} }
  },
  'DELETE /v1/orgs/{org}/projects/{project}/secret-keys/{key}': async (scene) => {
    const { organization, owner } = scene
    const { id } = await scene.world.project(organization)
    const shown = (await owner.get(`/v1/orgs/${organization.id}/projects/${id}`)).body
    return {
      caller: owner,
      values: { org: organization.id, project: id, key: shown.secretKeys[0].id },
    }
  },

  'GET /v1/platform/organizations': asAdmin,
  'GET /v1/platform/users': asAdmin,
  'POST /v1/platform/users/{user}/disable': async (scene) => ({
    ...(await asAdmin(scene)),
    values: { user: await newMember(scene.world, scene.organization, 'member') },
  }),
  'POST /v1/platform/users/{user}/enable': async (scene) => {
    const { caller } = await asAdmin(scene)
    const user = await newMember(scene.world, scene.organization, 'member')
    await caller.post(`/v1/platform/users/${user}/disable`)
    return { caller, values: { user } }
  },
  'GET /v1/platform/secret-keys': async (scene) => ({
    ...(await asAdmin(scene)),
    query: { prefix: scene.project.secretKey.slice(0, 16) },
  }),
  'PATCH /v1/platform/organizations/{org}/subscription': async (scene) => ({
    ...(await asAdmin(scene)),
    body: { seatLimit: 100 + Number(unique()) },
  }),
}

/** What a caller hears who came while the database was in trouble. */
export function expectToComeAgain(answer: Answer, what: string): void {
  expect({ status: answer.status, retryAfter: answer.headers['retry-after'] }, what).toEqual({
    status: 503,
    retryAfter: expect.stringMatching(/^[1-9]\d*$/),
  })
  expect(answer.body?.error?.code, what).toBe('service_unavailable')
}
