// One leading slash, then printable ASCII without a backslash: `//host`, `/\host` and control characters leave the origin.
const ownPath = /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/

/** Whether following this path stays on the origin of `baseUrl`, as it stands and once decoded. */
export function isOwnPath(path: string, baseUrl: string): boolean {
  return (
    path.length <= 2048 &&
    ownPath.test(path) &&
    staysOnOrigin(path, baseUrl) &&
    staysOnOrigin(decoded(path), baseUrl)
  )
}

function staysOnOrigin(path: string | undefined, baseUrl: string): boolean {
  return path !== undefined && URL.parse(path, baseUrl)?.origin === new URL(baseUrl).origin
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}
