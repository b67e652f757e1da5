import { around, reveal } from './dom.ts'

const lifetimes: Record<string, number> = { ok: 6000, bad: 10_000 }

function expire(toast: HTMLElement) {
  // Whoever is reading it keeps it.
  if (toast.matches(':hover, :focus-within')) setTimeout(expire, 1000, toast)
  else toast.remove()
}

function show(toast: HTMLElement) {
  const host = document.getElementById('toasts')
  if (!host) return
  // Shown anew, to lie above a dialog that was opened since; and before the toast is in it, so that it is said.
  host.hidePopover()
  host.showPopover()
  host.append(toast)
  reveal('[data-dismiss]')
  setTimeout(expire, lifetimes[toast.dataset.toast ?? 'ok'], toast)
}

/** Turns what the server said after a redirect into a toast. */
export function enhanceFlash() {
  for (const toast of document.querySelectorAll<HTMLElement>('#flash > [data-toast]')) show(toast)
}

export function toastError(words: string) {
  const template = document.getElementById('toast-template') as HTMLTemplateElement
  const toast = document.importNode(template.content, true).querySelector<HTMLElement>('[data-toast]')
  const title = toast?.querySelector('[data-toast-title]')
  if (!toast || !title) return
  title.textContent = words
  show(toast)
}

document.addEventListener('click', (event) => {
  if (around(event, '[data-dismiss]')) around(event, '[data-toast]')?.remove()
})
