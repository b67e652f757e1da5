import { each } from './dom.ts'

const submitters = 'button[type=submit]'

export const enableSubmitting = () =>
  each<HTMLElement>(`${submitters}[aria-busy]`, (button) => button.removeAttribute('aria-busy'))

// While a form is on its way, sending it again is ignored. Capturing, to come before htmx's own listener.
document.addEventListener(
  'submit',
  (event) => {
    const form = event.target as HTMLFormElement
    if (form.querySelector(`${submitters}[aria-busy]`)) {
      event.preventDefault()
      event.stopImmediatePropagation()
      return
    }
    const button = event.submitter ?? form.querySelector<HTMLElement>(submitters)
    button?.setAttribute('aria-busy', 'true')
  },
  true,
)

// Back from the next page, the browser may show this one as it was left.
addEventListener('pageshow', enableSubmitting)
