import { text } from 'node:stream/consumers'
import type Provider from 'oidc-provider'
import { errors } from 'oidc-provider'
import { escapeHtml, page } from './pages.ts'
import { acr, amrOf, findPerson, type People } from './people.ts'

type Middleware = Parameters<Provider['use']>[0]

const path = '/if/flow/sign-in/'

export const loginFormUrl = (interactionId: string): string => `${path}${interactionId}`

function loginForm(people: People, login: string, mistake = ''): string {
  const known = [...people.values()].map(
    ({ sub, email, name }) =>
      `<option value="${escapeHtml(email ?? sub)}">${escapeHtml(name ?? sub)}</option>`,
  )
  return page(
    'Stand-in identity provider',
    `<p role="alert">${escapeHtml(mistake)}</p><form method="post">
<label>E-mail or subject <input name="login" list="people" autocomplete="username" required autofocus
value="${escapeHtml(login)}"></label><datalist id="people">${known.join('')}</datalist>
<label>Password (any) <input name="password" type="password" autocomplete="current-password"></label>
<button>Sign in</button></form>`,
  )
}

/** Where oidc-provider sends people to prove who they are: any known person, by subject or e-mail, with any password. */
export const loginForms =
  (provider: Provider, people: People): Middleware =>
  async (ctx, next) => {
    if (!ctx.path.startsWith(path)) return next()
    try {
      const { params } = await provider.interactionDetails(ctx.req, ctx.res)
      ctx.type = 'html'
      if (ctx.method === 'GET') {
        ctx.body = loginForm(people, typeof params.login_hint === 'string' ? params.login_hint : '')
        return
      }
      const login = new URLSearchParams(await text(ctx.req)).get('login') ?? ''
      const person = findPerson(people, login)
      if (person) {
        const result = { login: { accountId: person.sub, acr, amr: amrOf(person) } }
        ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result))
        ctx.status = 303
      } else {
        ctx.status = 422
        ctx.body = loginForm(people, login, 'Nobody of that name is known here.')
      }
    } catch (error) {
      if (!(error instanceof errors.OIDCProviderError)) throw error
      ctx.status = 400
      ctx.body = page('This sign-in has ended', `<p>${escapeHtml(error.message)}</p>`)
    }
  }
