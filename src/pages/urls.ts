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

export type ProjectsState = { dialog?: 'new-project'; cursor?: string }
export type KeysDialog = { dialog: 'rotate' } | { dialog: 'revoke'; key: string }
export type SettingsDialog = 'disable' | 'delete'

/** Every address that a page links or posts to. No other file of the pages spells a path. */
export const urls = {
  asset: (file: string) => address(['assets', file]),
  theme: () => address(['theme']),

  signIn: (redirectUrl?: string) => address(['sign-in'], { redirect_url: redirectUrl }),
  signUp: (redirectUrl?: string) => address(['sign-up'], { redirect_url: redirectUrl }),
  signOut: (redirectUrl?: string) => address(['sign-out'], { redirect_url: redirectUrl }),
  logout: () => address(['auth', 'logout']),
  authError: (code: string) => address(['auth-error', code]),

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
