export function each<T extends Element>(selector: string, act: (element: T) => void) {
  for (const element of document.querySelectorAll<T>(selector)) act(element)
}

/** The nearest element around the event's target that the selector fits. */
export function around(event: Event, selector: string): HTMLElement | undefined {
  return (event.target instanceof Element && event.target.closest<HTMLElement>(selector)) || undefined
}

/** Shows the controls that were waiting for a script. */
export const reveal = (selector: string) =>
  each<HTMLElement>(selector, (element) => {
    element.hidden = false
  })

/** Says it to those who cannot see it, when nothing more urgent is being said. */
export function announce(words: string) {
  const place = document.getElementById('announcer')
  if (!place) return
  place.textContent = ''
  // The same words twice are only said twice when the text was empty in between.
  setTimeout(() => {
    place.textContent = words
  }, 50)
}
