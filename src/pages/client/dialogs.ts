import { around } from './dom.ts'

let opener: Element | undefined

/** Opens what the server rendered as open, this time as a modal dialog. */
export function enhanceDialogs() {
  for (const dialog of document.querySelectorAll<HTMLDialogElement>('dialog[data-modal]')) {
    if (!dialog.matches(':modal')) open(dialog)
  }
}

function open(dialog: HTMLDialogElement) {
  // Not close(): its event, which comes later, would close the dialog again.
  dialog.removeAttribute('open')
  dialog.showModal()
  dialog.addEventListener('close', () => leave(dialog), { once: true })
  dialog.addEventListener('cancel', (event) => dialog.dataset.sticky && event.preventDefault())
}

/** The address follows the dialog, without a request: the page below is what it leads to. */
function leave(dialog: HTMLDialogElement) {
  const { back = location.href, sticky } = dialog.dataset
  dialog.remove()
  const entry = { htmx: true }
  if (sticky) {
    // The address below asked for the form that led to a secret: nothing to come back to.
    history.replaceState(entry, '', back)
  } else {
    // htmx restores only entries that it knows as its own; the first page of a visit is not one yet.
    history.replaceState(entry, '')
    history.pushState(entry, '', back)
  }
  returnFocus()
}

/** To what opened the dialog, if it is still there. */
export function returnFocus() {
  const place = opener?.isConnected ? opener : document.getElementById('main')
  if (place instanceof HTMLElement) place.focus({ preventScroll: true })
}

document.addEventListener('htmx:before:request', ({ detail }) => {
  if (!document.querySelector(':modal')) opener = detail.ctx.sourceElement
})

document.addEventListener('click', (event) => {
  const link = around(event, '[data-close]')
  const dialog = link?.closest('dialog')
  if (!dialog?.open) return
  event.preventDefault()
  dialog.close()
})

// Browsers that know closedby do this by themselves.
if (!('closedBy' in HTMLDialogElement.prototype)) {
  document.addEventListener('pointerdown', (event) => {
    const dialog = event.target
    if (!(dialog instanceof HTMLDialogElement) || !dialog.matches(':modal') || dialog.dataset.sticky) return
    const { left, right, top, bottom } = dialog.getBoundingClientRect()
    const inside =
      event.clientX >= left && event.clientX <= right && event.clientY >= top && event.clientY <= bottom
    if (!inside) dialog.close()
  })
}
