type Query = Readonly<Record<string, string | undefined>>

function address(segments: readonly string[], query: Query = {}): string {
  const path = segments.map((segment) => `/${encodeURIComponent(segment)}`).join('')
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value) parameters.set(name, value)
  return parameters.size > 0 ? `${path}?${parameters}` : path
}

const underConsole = (...segments: string[]) => ['auth', 'console', ...segments]
const ofProject = (org: string, project: string, ...segments: string[]) =>
  underConsole(org, 'projects', project, ...segments)

/** What an app's link to the hosted pages says; `state` and `code_challenge` only where it wants a code. */
export type AppLink = {
  publishable_key: string
  redirect_url: string
  state?: string | undefined
  code_challenge?: string | undefined
}

export type ProjectsState = { dialog?: 'new-project'; cursor?: string }
export type KeysDialog = { dialog: 'rotate' } | { dialog: 'revoke'; key: string }
export type SettingsDialog = 'disable' | 'delete'

/** Every address that a page links or posts to. No other file of the pages spells a path. */
export const urls = {
  asset: (file: string) => address(['assets', file]),
  theme: () => address(['theme']),

  signIn: (redirectUrl?: string) => address(['sign-in'], { redirect_url: redirectUrl }),
  /** Sign-in for somebody who is signed in already, and must do so again. */
  signInAgain: (redirectUrl?: string) => address(['sign-in'], { redirect_url: redirectUrl, prompt: 'login' }),
  /** Where a sign-in for an app goes on. */
  signInFor: (app: AppLink) => address(['sign-in', 'continue'], app),
  continueSignIn: () => address(['sign-in', 'continue']),
  signUp: (redirectUrl?: string) => address(['sign-up'], { redirect_url: redirectUrl }),
  signOut: (redirectUrl?: string) => address(['sign-out'], { redirect_url: redirectUrl }),
  logout: () => address(['auth', 'logout']),
  login: (redirectUrl?: string) => address(['auth', 'login'], { redirect_url: redirectUrl }),
  stepUp: (redirectUrl?: string) => address(['auth', 'login'], { step_up: '1', redirect_url: redirectUrl }),
  invite: (token: string) => address(['invite', token]),
  acceptInvite: (token: string) => address(['invite', token, 'accept']),
  declineInvite: (token: string) => address(['invite', token, 'decline']),
  /** Makes an account that accepts. */
  signUpByInvite: (token: string) => address(['invite', token, 'sign-up']),
  authError: (code: string) => address(['auth-error', code]),

  account: () => address(['account']),
  accountSessions: () => address(['account', 'sessions']),
  endSession: (session: string) => address(['account', 'sessions', session, 'end']),
  endOtherSessions: () => address(['account', 'sessions', 'end-others']),
  endProjectSession: (session: string) => address(['account', 'project-sessions', session, 'end']),
  revokeGrant: (project: string) => address(['account', 'grants', project, 'revoke']),

  console: () => address(underConsole()),
  projects: (org: string, state: ProjectsState = {}) => address(underConsole(org, 'projects'), state),
  projectKeys: (org: string, project: string, open?: KeysDialog) =>
    address(ofProject(org, project, 'keys'), { ...open }),
  projectUrls: (org: string, project: string) => address(ofProject(org, project, 'urls')),
  projectSettings: (org: string, project: string, dialog?: SettingsDialog) =>
    address(ofProject(org, project, 'settings'), { dialog }),

  rotateKey: (org: string, project: string) => address(ofProject(org, project, 'keys', 'rotate')),
  revokeKey: (org: string, project: string, key: string) =>
    address(ofProject(org, project, 'keys', key, 'revoke')),
  disableProject: (org: string, project: string) => address(ofProject(org, project, 'disable')),
  enableProject: (org: string, project: string) => address(ofProject(org, project, 'enable')),
  deleteProject: (org: string, project: string) => address(ofProject(org, project, 'delete')),
}

const safeProtocols = ['http:', 'https:', 'mailto:']

/** For links that come from data: undefined when following it could run script instead of opening a page. */
export function safeUrl(href: string): string | undefined {
  const base = 'https://base.invalid'
  if (!URL.canParse(href, base)) return undefined
  return safeProtocols.includes(new URL(href, base).protocol) ? href : undefined
}
