import 'htmx.org'

type Extension = { init: (internals: { initSecurity: (policy: unknown) => void }) => void }

// The package's types name its export in a way that does not fit its module.
declare global {
  var htmx: { registerExtension: (name: string, extension: Extension) => void }
  var trustedTypes:
    | { createPolicy: (name: string, rules: { createHTML: (text: string) => string }) => unknown }
    | undefined
}

// Only htmx may turn text into elements, and none of it into script: the policy has no createScript.
const policy = globalThis.trustedTypes?.createPolicy('htmx', { createHTML: (text) => text })
if (policy) htmx.registerExtension('trusted-types', { init: (internals) => internals.initSecurity(policy) })
