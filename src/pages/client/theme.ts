import { each } from './dom.ts'

const year = 31_536_000

function choose(theme: string) {
  const system = theme === 'system'
  if (system) delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
  document.querySelector('meta[name=color-scheme]')?.setAttribute('content', system ? 'light dark' : theme)
  const secure = location.protocol === 'https:' ? '; secure' : ''
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing in some browsers
  document.cookie = `theme=${system ? '' : theme}; path=/; max-age=${system ? 0 : year}; samesite=lax${secure}`
}

/** A choice applies at once, so its button for those without script goes. */
export const enhanceTheme = () =>
  each<HTMLElement>('[data-theme-form] [data-without-script]', (element) => {
    element.hidden = true
  })

document.addEventListener('change', (event) => {
  const input = event.target as HTMLInputElement
  if (input.form?.matches('[data-theme-form]')) choose(input.value)
})
