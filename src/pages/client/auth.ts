// All the script of the pages around sign-in. Their forms work without it.
import { enhanceCopy } from './copy.ts'
import './busy.ts'
import { around, each, reveal } from './dom.ts'
import { enhanceTimes } from './times.ts'

const field = (button: HTMLElement) =>
  document.getElementById(button.dataset.reveal ?? '') as HTMLInputElement

function show(button: HTMLElement, shown: boolean) {
  field(button).type = shown ? 'text' : 'password'
  const word = button.firstElementChild
  if (word) word.textContent = shown ? 'Hide' : 'Show'
}

document.addEventListener('click', (event) => {
  const button = around(event, '[data-reveal]')
  if (button) show(button, field(button).type === 'password')
})

// A password manager offers to save what was a password field when it was sent.
document.addEventListener('submit', () => each<HTMLElement>('[data-reveal]', (button) => show(button, false)))

reveal('[data-reveal]')
enhanceCopy()
enhanceTimes()
