import type { HtmxRequestCtx } from 'htmx.org'
import { enableSubmitting } from './busy.ts'
import { returnFocus } from './dialogs.ts'
import { each } from './dom.ts'
import { toastError } from './toasts.ts'

const patience = 150

const main = () => document.getElementById('main')
const build = () => document.getElementById('app')?.dataset.build
const loadedBuild = build()

let path = location.pathname
let progress: ReturnType<typeof setTimeout> | undefined

const changesPage = ({ target }: HtmxRequestCtx) => target === document.body || target.id === 'app'
const isRestoring = ({ request }: HtmxRequestCtx) => 'HX-History-Restore-Request' in request.headers

/** After the page changed: a new address starts at its top, the same one stays where it is. */
export function settle(exchange: HtmxRequestCtx) {
  if (location.pathname !== path) {
    path = location.pathname
    each<HTMLElement>('[popover=auto]:popover-open', (popover) => popover.hidePopover())
    // Going back, the browser itself returns to where the reader was.
    if (!isRestoring(exchange)) scrollTo(0, 0)
    if (!document.querySelector(':modal')) main()?.focus({ preventScroll: true })
  } else if (document.activeElement === document.body) {
    returnFocus()
  }
}

document.addEventListener('htmx:before:request', (event) => {
  const exchange = event.detail.ctx
  if (!changesPage(exchange)) return
  const { action, method } = exchange.request
  // The server was deployed anew: its pages belong to another script than this one.
  if (method === 'GET' && build() !== loadedBuild) {
    event.preventDefault()
    if (isRestoring(exchange)) location.reload()
    else location.assign(action)
    return
  }
  clearTimeout(progress)
  progress = setTimeout(() => main()?.setAttribute('aria-busy', 'true'), patience)
})

document.addEventListener('htmx:finally:request', () => {
  clearTimeout(progress)
  main()?.removeAttribute('aria-busy')
  enableSubmitting()
})

// A form that leads back to where it stands makes no new entry in the history.
document.addEventListener('htmx:before:history:update', (event) => {
  if (new URL(event.detail.history.path, location.href).href === location.href) event.preventDefault()
})

// An answer without our shell (sign-in after a redirect, a proxy's own page) must not replace it with nothing.
document.addEventListener('htmx:before:swap', (event) => {
  const { ctx, tasks } = event.detail
  const fragment: DocumentFragment | undefined = tasks.find(({ type }) => type === 'main')?.fragment
  if (!changesPage(ctx) || fragment?.querySelector('#app')) return
  event.preventDefault()
  const answer = ctx.response?.raw
  if (answer && (ctx.request.method === 'GET' || answer.redirected)) location.assign(answer.url)
  else toastError('The server gave an answer that cannot be shown. Reload the page to see what has changed.')
})

document.addEventListener('htmx:error', ({ detail }) => {
  if (detail.ctx) toastError('The server could not be reached. Check your connection and try again.')
})
