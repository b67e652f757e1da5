// One leading slash, then printable ASCII without a backslash: `//host`, `/\host` and control characters leave the origin.
const ownPath = /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/
// An app's sign-in carries its address and its state, each of which may be 512 characters that are encoded as three.
const longest = 4096

/** Whether following this path stays on the origin of `baseUrl`: as it stands, once decoded, and when somebody writes either in its normal form. */
export function isOwnPath(path: string, baseUrl: string): boolean {
  if (path.length > longest || !ownPath.test(path)) return false
  const normal = normalForm(path, baseUrl)
  return [path, decoded(path), normal, decoded(normal)].every((text) => staysOnOrigin(text, baseUrl))
}

function staysOnOrigin(path: string | undefined, baseUrl: string): boolean {
  const url = path === undefined ? null : URL.parse(path, baseUrl)
  // `/.//host` stays, but its normal form `//host` would leave.
  return url !== null && url.origin === new URL(baseUrl).origin && !url.pathname.startsWith('//')
}

function normalForm(path: string, baseUrl: string): string | undefined {
  const url = URL.parse(path, baseUrl)
  return url ? url.pathname + url.search + url.hash : undefined
}

function decoded(path: string | undefined): string | undefined {
  try {
    return path === undefined ? undefined : decodeURIComponent(path)
  } catch {
    return undefined
  }
}
