let waiting: ReturnType<typeof setTimeout> | undefined

// Filters apply by themselves: a choice at once, typing when it pauses.
document.addEventListener('input', (event) => {
  const input = event.target as HTMLInputElement
  const form = input.form
  if (!form?.matches('[data-auto]')) return
  clearTimeout(waiting)
  waiting = setTimeout(() => form.requestSubmit(), input.type === 'search' || input.type === 'text' ? 250 : 0)
})
