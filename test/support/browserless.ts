import type { Answer } from './http.ts'
import type { World } from './world.ts'

/** A browser without scripts, reduced to what servers see: it keeps cookies, posts forms and follows one redirect at a time. */
export function browserless(world: World) {
  const cookies = new Map<string, string>()
  const origin = world.ctx.config.publicBaseUrl

  function keepCookies(answer: Answer): Answer {
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [pair = ''] = line.split(';')
      const at = pair.indexOf('=')
      const isGone = /max-age=0/i.test(line)
      if (isGone) cookies.delete(pair.slice(0, at))
      else cookies.set(pair.slice(0, at), pair.slice(at + 1))
    }
    return answer
  }
  const cookie = () => [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') || undefined

  return {
    cookies,
    async open(path: string, headers: Record<string, string> = {}): Promise<Answer> {
      return keepCookies(
        await world.anonymous.get(path, { cookie: cookie(), accept: 'text/html', ...headers }),
      )
    },
    async post(
      path: string,
      fields: Record<string, string>,
      headers: Record<string, string | undefined> = {},
    ): Promise<Answer> {
      const form = {
        'content-type': 'application/x-www-form-urlencoded',
        origin,
        'sec-fetch-site': 'same-origin',
      }
      const body = new URLSearchParams(fields).toString()
      return keepCookies(
        await world.anonymous.call({
          method: 'POST',
          path,
          headers: { ...form, cookie: cookie(), ...headers },
          body,
        }),
      )
    },
    /** Opens a page and sends its form with these fields, hidden ones included. */
    async submit(page: string, action: string, fields: Record<string, string>): Promise<Answer> {
      const { text } = await this.open(page)
      return this.post(action, { ...hiddenFields(text, action), ...fields })
    },
  }
}

export type Browserless = ReturnType<typeof browserless>

/** The hidden fields of the form that posts to `action`. */
export function hiddenFields(html: string, action: string): Record<string, string> {
  const form = html.split('<form').find((part) => part.includes(`action="${action}"`)) ?? ''
  const fields: Record<string, string> = {}
  for (const [input] of form.split('</form>')[0]?.matchAll(/<input[^>]*type="hidden"[^>]*>/g) ?? []) {
    const name = /name="([^"]*)"/.exec(input)?.[1]
    if (name) fields[name] = unescaped(/value="([^"]*)"/.exec(input)?.[1] ?? '')
  }
  return fields
}

const characters: Record<string, string> = { quot: '"', lt: '<', gt: '>', amp: '&' }
const unescaped = (text: string) =>
  text.replace(/&(quot|lt|gt|amp);/g, (_, name: string) => characters[name] ?? '')

/** The text of the first element of this kind. */
export const textOf = (html: string, tag: string): string | undefined =>
  new RegExp(`<${tag}[^>]*>([\\s\\S]*?)</${tag}>`)
    .exec(html)?.[1]
    ?.replace(/<[^>]+>/g, '')
    .trim()
