import { createHash } from 'node:crypto'
import type { Answer, Call } from '../../support/http.ts'
import type { Facts } from './history.ts'
import { password, type Workspace } from './workspaces.ts'

/** One request of the load, made for a workspace, and what its answer means. */
export type Plan = {
  call: Call
  /** Sent with an `Idempotency-Key`, and again until its outcome is known. */
  isRepeated?: boolean
  /** What a success makes true; also when no answer tells. */
  intends?: Facts
  /** What an answer that was a success made true beside that. */
  made?: (answer: Answer) => Facts
  /** What any definite answer says is true. */
  saw?: (answer: Answer) => Facts
  /** Keeps the model in step with a success. */
  afterwards?: (answer: Answer) => void
  /** The same when nobody knows what happened: what may be gone is not used again. */
  inDoubt?: () => void
}

export type Operation = {
  /** How often it comes, relative to the others. */
  weight: number
  /** The audit rows of a success, in each stream that hears of it; reads have none. */
  actions?: string[]
  /** Statuses that are right at times, beside success and 503. */
  refusals?: number[]
  /** Undefined where the workspace has not what it takes. */
  plan: (workspace: Workspace, pick: Pick) => Plan | undefined
}

export type Pick = <T>(from: T[]) => T | undefined

export const hashOf = (secretKey: string) => createHash('sha256').update(secretKey).digest('hex')
const works = (secretKey: string) => `keys/${hashOf(secretKey)}/works`
const signedIn = ['auth.login', 'session.created']
const cookie = (token: string) => ({ cookie: `__Host-seqn_session=${token}` })
const tokenOf = ({ headers }: Answer) => /session=([^;]+)/.exec(String(headers['set-cookie']))?.[1] ?? ''
const statusOfProject = ({ status }: Answer) =>
  status === 200 ? 'active' : status === 409 ? 'disabled' : null
let count = 0

/** What the load consists of. Later features add lines here. */
export const operations: Record<string, Operation> = {
  'check a key': {
    weight: 30,
    refusals: [401, 409],
    plan({ projects, endedKeys }, pick) {
      const project = pick(projects)
      const key = pick([...(project?.keys ?? []), ...endedKeys.slice(-5)])
      if (!project || !key) return undefined
      return {
        call: { path: '/v1/backend/application', headers: { authorization: `Bearer ${key}` } },
        saw: ({ status }) => ({ [works(key)]: status === 401 ? null : true }),
      }
    },
  },
  'read a client config': {
    weight: 8,
    refusals: [404, 409],
    plan({ projects }, pick) {
      const project = pick(projects)
      if (!project) return undefined
      return {
        call: { path: '/v1/client/config', headers: { 'x-seqn-publishable-key': project.publishableKey } },
        saw: (answer) => ({ [`projects/${project.id}/status`]: statusOfProject(answer) }),
      }
    },
  },
  'ask who is signed in': {
    weight: 8,
    refusals: [401],
    plan({ sessions, endedSessions }, pick) {
      const session = pick([...sessions, ...endedSessions.slice(-3)])
      if (!session) return undefined
      return {
        call: { path: '/v1/auth/session', headers: cookie(session.token) },
        saw: ({ status }) => ({ [`sessions/${session.id}/lives`]: status === 200 ? true : null }),
      }
    },
  },
  'list projects': {
    weight: 6,
    plan: ({ organizationId, token }) => ({
      call: { path: `/v1/orgs/${organizationId}/projects?limit=100`, headers: cookie(token) },
      saw: ({ body }) =>
        Object.fromEntries(
          body.data.map(({ id, name }: { id: string; name: string }) => [`projects/${id}/name`, name]),
        ),
    }),
  },
  'create a project': {
    weight: 8,
    actions: ['project.created'],
    refusals: [402],
    plan: ({ organizationId, token, projects }) => ({
      call: {
        method: 'POST',
        path: `/v1/orgs/${organizationId}/projects`,
        headers: cookie(token),
        body: { name: `Project ${++count}` },
      },
      isRepeated: true,
      made: ({ body: { project, secretKey } }) => ({
        [`projects/${project.id}/name`]: project.name,
        [`projects/${project.id}/status`]: 'active',
        [works(secretKey)]: true,
      }),
      afterwards: ({ body: { project, secretKey } }) =>
        void projects.push({
          id: project.id,
          publishableKey: project.publishableKey,
          keys: [secretKey],
          isDisabled: false,
        }),
    }),
  },
  'rename a project': {
    weight: 10,
    actions: ['project.updated'],
    plan: (workspace, pick) => changeOfProject(workspace, pick, { name: `Renamed ${++count}` }),
  },
  'disable a project': {
    weight: 4,
    actions: ['project.disabled'],
    plan: (workspace, pick) =>
      changeOfProject(workspace, pick, { status: 'disabled' }, ({ isDisabled }) => !isDisabled),
  },
  'enable a project': {
    weight: 6,
    actions: ['project.enabled'],
    plan: (workspace, pick) =>
      changeOfProject(workspace, pick, { status: 'active' }, ({ isDisabled }) => isDisabled),
  },
  'delete a project': {
    weight: 3,
    actions: ['project.deleted'],
    plan({ organizationId, token, projects, endedKeys }, pick) {
      const project = pick(projects.slice(0, -1))
      if (!project) return undefined
      const forget = () => {
        projects.splice(projects.indexOf(project), 1)
        endedKeys.push(...project.keys)
      }
      return {
        call: {
          method: 'DELETE',
          path: `/v1/orgs/${organizationId}/projects/${project.id}`,
          headers: cookie(token),
        },
        intends: {
          [`projects/${project.id}/name`]: null,
          [`projects/${project.id}/status`]: null,
          ...Object.fromEntries(project.keys.map((key) => [works(key), null])),
        },
        afterwards: forget,
        inDoubt: forget,
      }
    },
  },
  'rotate a key': {
    weight: 8,
    actions: ['project.secret_rotated'],
    plan({ organizationId, token, projects, endedKeys }, pick) {
      const project = pick(projects)
      if (!project) return undefined
      return {
        call: {
          method: 'POST',
          path: `/v1/orgs/${organizationId}/projects/${project.id}/rotate-secret`,
          headers: cookie(token),
          body: { overlapSeconds: 0 },
        },
        isRepeated: true,
        intends: Object.fromEntries(project.keys.map((key) => [works(key), null])),
        made: ({ body: { secretKey } }) => ({ [works(secretKey)]: true }),
        afterwards({ body: { secretKey } }) {
          endedKeys.push(...project.keys.splice(0, project.keys.length, secretKey))
        },
      }
    },
  },
  'rename an organization': {
    weight: 4,
    actions: ['organization.updated'],
    plan({ organizationId, token }) {
      const name = `Organization ${++count}`
      return {
        call: { method: 'PATCH', path: `/v1/orgs/${organizationId}`, headers: cookie(token), body: { name } },
        intends: { [`organizations/${organizationId}/name`]: name },
      }
    },
  },
  'change a profile': {
    weight: 4,
    actions: ['user.updated'],
    plan({ userId, token }) {
      const name = `Person ${++count}`
      return {
        call: {
          method: 'PATCH',
          path: '/v1/users/me',
          headers: cookie(token),
          body: { display_name: name },
        },
        intends: { [`users/${userId}/display_name`]: name },
      }
    },
  },
  register: {
    weight: 1,
    actions: ['member.added', 'organization.created', ...signedIn, 'user.created'],
    plan() {
      const email = `late-${++count}-${process.pid}@example.com`
      return {
        call: {
          method: 'POST',
          path: '/v1/auth/register',
          body: { email, password, organization_name: 'Late' },
        },
        made: ({ body: { user } }) => ({
          [`users/${user.user_id}/email`]: email,
          [`sessions/${user.session_id}/lives`]: true,
        }),
      }
    },
  },
  'sign in': {
    weight: 2,
    actions: signedIn,
    plan: ({ email, sessions }) => ({
      call: { method: 'POST', path: '/v1/auth/login', body: { email, password } },
      made: ({ body: { user } }) => ({ [`sessions/${user.session_id}/lives`]: true }),
      afterwards: (answer) => void sessions.push({ id: answer.body.user.session_id, token: tokenOf(answer) }),
    }),
  },
  'sign out': {
    weight: 3,
    actions: ['auth.logout', 'session.revoked'],
    plan({ sessions, endedSessions }, pick) {
      const session = pick(sessions)
      if (!session) return undefined
      const forget = () => void endedSessions.push(...sessions.splice(sessions.indexOf(session), 1))
      return {
        call: { method: 'POST', path: '/v1/auth/logout', headers: cookie(session.token) },
        intends: { [`sessions/${session.id}/lives`]: null },
        afterwards: forget,
        inDoubt: forget,
      }
    },
  },
}

type Project = Workspace['projects'][number]

function changeOfProject(
  { organizationId, token, projects }: Workspace,
  pick: Pick,
  body: { name: string } | { status: 'active' | 'disabled' },
  fits: (project: Project) => boolean = () => true,
): Plan | undefined {
  const project = pick(projects.filter(fits))
  if (!project) return undefined
  const [[field, value] = ['', '']] = Object.entries(body)
  return {
    call: {
      method: 'PATCH',
      path: `/v1/orgs/${organizationId}/projects/${project.id}`,
      headers: cookie(token),
      body,
    },
    intends: { [`projects/${project.id}/${field}`]: value },
    afterwards() {
      if ('status' in body) project.isDisabled = body.status === 'disabled'
    },
    inDoubt() {
      // Whether it is enabled is not known, and a change to what it is already would record nothing.
      if ('status' in body) projects.splice(projects.indexOf(project), 1)
    },
  }
}
