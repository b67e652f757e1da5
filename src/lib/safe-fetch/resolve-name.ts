import { lookup, Resolver } from 'node:dns/promises'

const leadsNowhere = new Set(['ENODATA', 'ENOTFOUND'])

/**
 * The addresses that name servers give for a name, IPv4 first, none if it leads nowhere; throws when they cannot tell.
 * Asks anew each time and gives up with the signal.
 */
export async function resolveName(
  name: string,
  { signal, nameServers }: { signal: AbortSignal; nameServers?: string[] | undefined },
): Promise<string[]> {
  // Not `lookup`: it holds one of four threads, which hash passwords too, for as long as the name's server keeps
  // silent, and appends the machine's search domains. A resolver of its own keeps no answers and can be cancelled.
  const resolver = new Resolver({ timeout: 1_500, tries: 2 })
  if (nameServers) resolver.setServers(nameServers)
  const cancel = () => resolver.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  try {
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
    signal.throwIfAborted()
    const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
    // One family of two is enough: servers that fail at AAAA are common, and only what was told is connected to.
    if (addresses.length > 0) return addresses
    const trouble = answers.find(
      (answer) => answer.status === 'rejected' && !leadsNowhere.has(answer.reason.code),
    )
    if (trouble?.status === 'rejected') throw trouble.reason
    return []
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

/** The addresses of a name as this machine sees it, with its hosts file: for development, where names are our own. */
export async function resolveLocally(name: string): Promise<string[]> {
  const found = await lookup(name, { all: true }).catch((error: NodeJS.ErrnoException) => {
    if (leadsNowhere.has(error.code ?? '')) return []
    throw error
  })
  return found.map(({ address }) => address)
}
