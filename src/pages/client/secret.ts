import { textOf } from './copy.ts'
import { announce, around, each, reveal } from './dom.ts'

const downloads = '[data-download-from]'
const kept = new WeakSet<Element>()

/** The secret on the page, as long as nobody has copied or saved it. */
const atRisk = () => {
  const secret = document.querySelector('[data-secret]')
  return secret !== null && !kept.has(secret)
}

const keep = () => each('[data-secret]', (secret) => kept.add(secret))

export const enhanceSecret = () => reveal(downloads)

document.addEventListener('copied', (event) => {
  if ((event.target as HTMLElement).dataset.copyFrom) keep()
})

// Copied by hand counts as well.
document.addEventListener('copy', () => {
  const secret = document.querySelector('[data-secret]')
  if (secret && getSelection()?.containsNode(secret, true)) keep()
})

document.addEventListener('click', (event) => {
  const button = around(event, downloads)
  if (!button) return
  const { downloadFrom, downloadPrefix, downloadName = '' } = button.dataset
  const text = `${textOf(undefined, downloadFrom, downloadPrefix)}\n`
  const href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
  const link = Object.assign(document.createElement('a'), { href, download: downloadName })
  link.click()
  setTimeout(() => URL.revokeObjectURL(href), 1000)
  keep()
  announce('Saved')
})

addEventListener('beforeunload', (event) => {
  if (atRisk()) event.preventDefault()
})

// Going back within the console does not unload the page. Registered before htmx's own listener.
if ('navigation' in window) {
  navigation.addEventListener('navigate', (event) => {
    if (event.navigationType !== 'traverse' || !event.cancelable || !atRisk()) return
    if (confirm('The secret was not copied. It cannot be shown again. Leave anyway?')) return
    event.preventDefault()
    event.stopImmediatePropagation()
  })
}

addEventListener('pagehide', () => each('[data-secret]', (secret) => secret.replaceChildren()))

// A page that comes back from the browser's memory has no secret left to show.
addEventListener('pageshow', (event) => {
  const back = document.querySelector<HTMLElement>('dialog:has([data-secret])')?.dataset.back
  if (event.persisted && back) location.replace(back)
})
