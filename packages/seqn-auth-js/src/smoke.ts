import { loadPublicConfig, verifyBackendKeyHealth } from './application.js'
import { SeqnAuthError } from './errors.js'
import { readOptions, type SeqnAuthOptions } from './options.js'

/** How one check went; `code` says why it failed. */
export type SmokeCheck = { name: string; ok: boolean; code?: string; message: string }

/** What all checks say together. */
export type SmokeReport = { ok: boolean; checks: SmokeCheck[] }

/** Checks base URL and both keys against the service, changing nothing. Gives each check to `report` as it ends. */
export async function smoke(
  options: SeqnAuthOptions = {},
  report: (check: SmokeCheck) => void = () => {},
): Promise<SmokeReport> {
  const checks: SmokeCheck[] = []
  const ids: string[] = []

  async function check(name: string, work: () => Promise<string>) {
    const result = await work().then(
      (message): SmokeCheck => ({ name, ok: true, message }),
      (error: unknown): SmokeCheck => ({ name, ok: false, ...explained(error) }),
    )
    checks.push(result)
    report(result)
    return result.ok
  }

  const isSafeUrl = await check('base URL', async () => readOptions(options).baseUrl)
  if (isSafeUrl) {
    await check('publishable key', async () => {
      const { application, organization } = await loadPublicConfig(options)
      return active(application, organization, ids)
    })
    await check('secret key', async () => {
      const { ok, application, organization } = await verifyBackendKeyHealth(options)
      if (!ok) throw new Finding('not_ok', 'The service does not confirm the key.')
      return active(application, organization, ids)
    })
  }
  if (ids.length === 2)
    await check('one project', async () => {
      if (ids[0] !== ids[1])
        throw new Finding('different_projects', `The keys belong to ${ids.join(' and ')}.`)
      return `both keys belong to ${ids[0]}`
    })
  return { ok: checks.every(({ ok }) => ok), checks }
}

/** One line per check, for people and for logs. */
export const smokeLine = ({ name, ok, code, message }: SmokeCheck) =>
  ok ? `ok    ${name}: ${message}` : `FAIL  ${name}: ${code}: ${message}`

/** Something that the service answered and that is not as it should be. */
class Finding extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

type Named = { id?: string; slug?: string; name?: string; status?: string } | undefined

function active(application: Named, organization: Named, ids: string[]): string {
  if (!application?.id || !organization?.slug)
    throw new Finding('unexpected_answer', 'This is not an answer of the service; check the base URL.')
  if (application.status !== 'active')
    throw new Finding('not_active', `${application.slug} is ${application.status}.`)
  ids.push(application.id)
  return `${organization.slug}/${application.slug} (${application.id}) is active`
}

function explained(error: unknown): { code: string; message: string } {
  if (error instanceof Finding) return { code: error.code, message: error.message }
  if (!(error instanceof SeqnAuthError)) return { code: 'unexpected_error', message: String(error) }
  const { code, apiCode, status, requestId, retryAfter, message } = error
  const facts = [
    apiCode && code,
    status && `HTTP ${status}`,
    requestId && `request ${requestId}`,
    retryAfter !== undefined && `retry after ${retryAfter} s`,
  ].filter(Boolean)
  return { code: apiCode ?? code, message: facts.length > 0 ? `${message} (${facts.join(', ')})` : message }
}
