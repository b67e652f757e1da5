import { announce, around, reveal } from './dom.ts'

const buttons = '[data-copy], [data-copy-from]'

/** What a button copies or saves: its own value, or the text of the element that it names. */
export const textOf = (value: string | undefined, from: string | undefined, prefix = '') =>
  prefix + (value ?? document.getElementById(from ?? '')?.textContent ?? '')

export function enhanceCopy() {
  // Without a secure context there is no clipboard; the buttons stay hidden, the text can be selected.
  if (navigator.clipboard) reveal(buttons)
}

async function copy(button: HTMLElement) {
  const { copy: value, copyFrom, copyPrefix } = button.dataset
  try {
    await navigator.clipboard.writeText(textOf(value, copyFrom, copyPrefix))
  } catch {
    announce('The browser did not allow copying. Select the text instead.')
    return
  }
  button.dataset.copied = ''
  announce('Copied')
  button.dispatchEvent(new CustomEvent('copied', { bubbles: true }))
  setTimeout(() => delete button.dataset.copied, 1800)
}

document.addEventListener('click', (event) => {
  const button = around(event, buttons)
  if (button) void copy(button)
})
