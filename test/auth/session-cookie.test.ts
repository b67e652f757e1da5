import { describe, expect, it } from 'vitest'
import { cookieOf } from '../support/http.ts'
import { startWorld } from '../support/world.ts'

const registration = (email: string) => ({
  email,
  password: 'correct-horse-battery',
  organization_name: 'Cookies',
})
const attributes = (line: string | undefined) => new Set(line?.split('; ').slice(1))

describe('over plain http', () => {
  const world = startWorld()

  it('is HttpOnly, SameSite=Lax, for the whole origin, as long as the session may live', async () => {
    const answer = await world.anonymous.post('/v1/auth/register', registration('plain@example.com'))
    expect(answer.headers['set-cookie']).toHaveLength(1)
    const [line] = answer.headers['set-cookie'] ?? []
    expect(line).toMatch(/^seqn_session=[\w-]{43};/)
    expect(attributes(line)).toEqual(new Set(['Max-Age=2592000', 'Path=/', 'HttpOnly', 'SameSite=Lax']))
  })
})

describe('under an https base URL', () => {
  const world = startWorld({
    environment: {
      PUBLIC_BASE_URL: 'https://accounts.silver.test',
      SESSION_COOKIE_SAMESITE: 'Strict',
      SESSION_ABSOLUTE_DAYS: '14',
    },
  })

  it('is Secure under its __Host- name, and no other name is taken', async () => {
    const answer = await world.anonymous.post('/v1/auth/register', registration('secure@example.com'))
    const [line] = answer.headers['set-cookie'] ?? []
    expect(line).toMatch(/^__Host-seqn_session=[\w-]{43};/)
    expect(attributes(line)).toEqual(
      new Set(['Max-Age=1209600', 'Path=/', 'HttpOnly', 'Secure', 'SameSite=Strict']),
    )
    const token = cookieOf(answer, '__Host-seqn_session')
    const get = (name: string) => world.anonymous.get('/v1/auth/session', { cookie: `${name}=${token}` })
    expect((await get('__Host-seqn_session')).status).toBe(200)
    expect((await get('seqn_session')).status).toBe(401)
    expect((await get('__Secure-seqn_session')).status).toBe(401)
    const cleared = await world.anonymous.post('/v1/auth/logout')
    expect(attributes(cleared.headers['set-cookie']?.[0])).toContain('Secure')
    expect(cookieOf(cleared, '__Host-seqn_session')).toBe('')
  })
})
