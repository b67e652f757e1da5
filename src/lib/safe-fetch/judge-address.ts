import { isIP } from 'node:net'
import { isPublicAddress } from './public-address.ts'
import { resolveLocally, resolveName } from './resolve-name.ts'

/** What an installation allows. `nameServers` are asked instead of the machine's own. */
export type AddressRules = {
  allowInsecure: boolean
  allowPrivateAddresses: boolean
  nameServers?: string[]
}

/** `reason` is for our log: a tenant who learns it can look around in our network. */
export type Judgement =
  | { verdict: 'accepted'; url: URL; addresses: string[] }
  | { verdict: 'refused' | 'unresolved'; reason: string }

const mostCharacters = 2_048
const mostMillisecondsAtSave = 3_000

/**
 * Why a URL may not be saved as an address to send to, for our log; undefined if it may. Never throws. Where private addresses
 * are allowed, no name can lead to a wrong one, and none is looked up.
 */
export async function refuseAddress(text: string, rules: AddressRules): Promise<string | undefined> {
  if (rules.allowPrivateAddresses) return unfitForm(text, rules)
  try {
    const judgement = await judgeAddress(text, rules, AbortSignal.timeout(mostMillisecondsAtSave))
    return judgement.verdict === 'accepted' ? undefined : judgement.reason
  } catch {
    return 'its name servers did not answer in time'
  }
}

/**
 * The one judgement of an address that a tenant chose: what may be connected to, or why nothing may. The URL of the
 * answer, and none of the text, is what to use, so that no second parser can understand another host. Throws only
 * when the signal aborts.
 */
export async function judgeAddress(
  text: string,
  rules: AddressRules,
  signal: AbortSignal,
): Promise<Judgement> {
  const url = readUrl(text)
  if (!url) return refused('not a plain URL')
  const unfit = unfitUrl(url, rules) ?? (rules.allowPrivateAddresses ? undefined : unfitName(url.hostname))
  if (unfit) return refused(unfit)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  try {
    const addresses = isIP(host) ? [host] : await addressesOf(host, rules, signal)
    if (addresses.length === 0) return refused('its name has no address')
    const hidden = rules.allowPrivateAddresses
      ? undefined
      : addresses.find((address) => !isPublicAddress(address))
    return hidden ? refused(`${hidden} is not public`) : { verdict: 'accepted', url, addresses }
  } catch (error) {
    signal.throwIfAborted()
    return {
      verdict: 'unresolved',
      reason: `resolving its name failed: ${(error as NodeJS.ErrnoException).code}`,
    }
  }
}

function unfitForm(text: string, rules: AddressRules): string | undefined {
  const url = readUrl(text)
  return url ? unfitUrl(url, rules) : 'not a plain URL'
}

function refused(reason: string): Judgement {
  return { verdict: 'refused', reason }
}

function readUrl(text: string): URL | undefined {
  // URL drops tabs and line ends, and reads a backslash as a slash: whoever writes such a thing means to deceive.
  if (text.length > mostCharacters || /[\s\p{Cc}\\]/u.test(text)) return undefined
  return URL.parse(text) ?? undefined
}

function unfitUrl(url: URL, { allowInsecure }: AddressRules): string | undefined {
  const usualPort = { 'https:': 443, 'http:': allowInsecure ? 80 : undefined }[url.protocol]
  if (usualPort === undefined) return `its scheme is ${url.protocol}`
  const port = url.port === '' ? usualPort : Number(url.port)
  if (port !== usualPort && port < 1_024) return `its port is ${port}`
  if (url.username !== '' || url.password !== '') return 'it carries a user name or password'
  return undefined
}

function unfitName(host: string): string | undefined {
  if (host.startsWith('[')) return undefined
  const labels = host.split('.')
  if (labels.includes('')) return 'its name has an empty label'
  if (labels.length < 2) return 'its name has no dot'
  return labels.at(-1) === 'localhost' ? 'its name is local' : undefined
}

async function addressesOf(name: string, rules: AddressRules, signal: AbortSignal): Promise<string[]> {
  const { allowPrivateAddresses, nameServers } = rules
  if (!allowPrivateAddresses || nameServers) return resolveName(name, { signal, nameServers })
  return Promise.race([resolveLocally(name), aborted(signal)])
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
