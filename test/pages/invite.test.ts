import { describe, expect, it } from 'vitest'
import { type Browserless, browserless, textOf } from '../support/browserless.ts'
import { dump } from '../support/dump.ts'
import { expire, makeInvitation, membersOf, verifyAddress } from '../support/invitations.ts'
import { type Person, startWorld } from '../support/world.ts'

const world = startWorld()
const stranger = async () => (await world.organization()).owner
const newcomer = { display_name: 'Grace', password: 'a long password of mine' }

function browserOf(person?: Person): Browserless {
  const browser = browserless(world)
  if (person) browser.cookies.set('seqn_session', person.cookie)
  return browser
}

describe('who is signed in', () => {
  it('accepts with one press and comes into the organization', async () => {
    const organization = await world.organization({ name: 'Engines' })
    const grace = await stranger()
    const { token } = await makeInvitation(organization)
    const browser = browserOf(grace)
    const page = await browser.open(`/invite/${token}`)
    expect([page.status, textOf(page.text, 'h1')]).toEqual([200, 'Join Engines'])
    expect(page.text).toContain(grace.email)
    expect(page.headers['cache-control']).toBe('no-store')
    expect(page.headers['referrer-policy']).toBe('same-origin')
    const answer = await browser.submit(`/invite/${token}`, `/invite/${token}/accept`, {})
    const projects = `/auth/console/${organization.slug}/projects`
    expect([answer.status, answer.headers.location]).toEqual([303, projects])
    expect((await browser.open(projects)).text).toContain('You have joined Engines')
    expect((await browser.open('/auth/console')).headers.location, 'where they work now').toBe(projects)
    expect(await membersOf(world, organization)).toMatchObject({ [grace.email]: 'member' })
  })

  it('is led where a role that reads no projects can go', async () => {
    const { token } = await makeInvitation(await world.organization(), { role: 'viewer' })
    const browser = browserOf(await stranger())
    const answer = await browser.submit(`/invite/${token}`, `/invite/${token}/accept`, {})
    expect([answer.status, answer.headers.location]).toEqual([303, '/account/sessions'])
  })

  it('declines', async () => {
    const organization = await world.organization()
    const grace = await stranger()
    const { token } = await makeInvitation(organization)
    const answer = await browserOf(grace).submit(`/invite/${token}`, `/invite/${token}/decline`, {})
    expect([answer.status, textOf(answer.text, 'h1')]).toEqual([200, 'You declined the invitation'])
    const again = await browserOf(grace).open(`/invite/${token}`)
    expect([again.status, textOf(again.text, 'h1')]).toEqual([410, 'This invitation was withdrawn'])
    expect(Object.keys(await membersOf(world, organization))).toHaveLength(1)
  })

  it('is not asked to decline a link for several, and told when they are a member', async () => {
    const organization = await world.organization()
    const { token } = await makeInvitation(organization, { maxUses: 5 })
    const path = `/invite/${token}`
    expect((await browserOf(await stranger()).open(path)).text).not.toContain('Decline')
    const member = await browserOf(organization.owner).open(path)
    expect(member.text).toContain('You are a member already')
    expect(member.text).not.toContain(`${path}/accept`)
  })

  it('is told when it is for another address, or for theirs once that is verified', async () => {
    const organization = await world.organization()
    const [grace, mallory] = [await stranger(), await stranger()]
    const { token } = await makeInvitation(organization, { email: grace.email })
    const path = `/invite/${token}`
    for (const [person, words] of [
      [mallory, 'is for <bdi>'],
      [grace, 'is not verified yet'],
    ] as const) {
      const page = await browserOf(person).open(path)
      expect(page.text).toContain(words)
      expect(page.text).toContain('Use another account')
      expect(page.text).not.toContain(`${path}/accept`)
    }
    await verifyAddress(world, grace)
    expect((await browserOf(grace).submit(path, `${path}/accept`, {})).status).toBe(303)
  })

  it('accepts as whom the page named, not as who has signed in since', async () => {
    const organization = await world.organization()
    const [grace, mallory] = [await stranger(), await stranger()]
    const { token } = await makeInvitation(organization)
    const path = `/invite/${token}`
    const browser = browserOf(grace)
    const fields = { user_id: mallory.id }
    const answer = await browser.submit(path, `${path}/accept`, fields)
    expect([answer.status, answer.headers.location]).toEqual([303, path])
    expect(Object.keys(await membersOf(world, organization))).toHaveLength(1)
  })

  it('hears on the page why it did not work', async () => {
    const organization = await world.organization()
    const { token } = await makeInvitation(organization)
    const browser = browserOf(await stranger())
    await world.sql(`update subscriptions set status = 'cancelled' where organization_id = $1`, [
      organization.id,
    ])
    const answer = await browser.submit(`/invite/${token}`, `/invite/${token}/accept`, {})
    expect(answer.status).toBe(402)
    expect(answer.text).toContain('takes in nobody at the moment')
  })
})

describe('who is new', () => {
  it('makes an account there and has joined', async () => {
    const organization = await world.organization()
    const { token } = await makeInvitation(organization)
    const browser = browserOf()
    const fields = { ...newcomer, email: 'grace1@example.com' }
    const answer = await browser.submit(`/invite/${token}`, `/invite/${token}/sign-up`, fields)
    const projects = `/auth/console/${organization.slug}/projects`
    expect([answer.status, answer.headers.location]).toEqual([303, projects])
    expect((await browser.open(projects)).status).toBe(200)
    expect(await membersOf(world, organization)).toMatchObject({ 'grace1@example.com': 'member' })
  })

  it('hears of each mistake beside its field and keeps what was typed', async () => {
    const { token } = await makeInvitation(await world.organization())
    const sign = (fields: Record<string, string>) =>
      browserOf().submit(`/invite/${token}`, `/invite/${token}/sign-up`, fields)
    const wrong = await sign({ display_name: 'Grace', email: 'no address', password: 'short' })
    expect(wrong.status).toBe(422)
    for (const id of ['field-email-error', 'field-password-error']) expect(wrong.text).toContain(`id="${id}"`)
    expect(wrong.text).toContain('value="no address"')
    const taken = await sign({ ...newcomer, email: (await stranger()).email })
    expect(taken.status).toBe(422)
    expect(taken.text).toContain('id="field-email-error"')
  })

  it('signs in first where the invitation names an address, and comes back', async () => {
    const organization = await world.organization()
    const grace = await stranger()
    const { token } = await makeInvitation(organization, { email: grace.email })
    const path = `/invite/${token}`
    await verifyAddress(world, grace)
    const browser = browserOf()
    const page = await browser.open(path)
    expect(page.text).not.toContain(`${path}/sign-up`)
    const signIn = `/sign-in?redirect_url=${encodeURIComponent(path)}`
    expect(page.text).toContain(`href="${signIn}"`)
    const answer = await browser.submit(signIn, '/sign-in', { email: grace.email, password: grace.password })
    expect([answer.status, answer.headers.location]).toEqual([303, path])
    expect((await browser.submit(path, `${path}/accept`, {})).status).toBe(303)
    const refused = await browserOf().submit(path, `${path}/sign-up`, { ...newcomer, email: 'a@example.com' })
    expect(refused.status).toBe(403)
  })
})

describe('a link that opens nothing', () => {
  it('says so alike, whether it never did, was renewed, or the organization is gone', async () => {
    const organization = await world.organization()
    const { token, path } = await makeInvitation(organization)
    await organization.owner.post(`${path}/resend`)
    const gone = await world.organization()
    const lost = await makeInvitation(gone)
    await gone.owner.delete(`/v1/orgs/${gone.id}`, { confirm: gone.slug })
    for (const text of [token, lost.token, 'A'.repeat(43), '%3Cscript%3Ealert(1)%3C%2Fscript%3E', '%00']) {
      const page = await browserOf().open(`/invite/${text}`)
      expect([page.status, textOf(page.text, 'h1')]).toEqual([404, 'This link opens nothing'])
      expect(page.text).not.toContain('alert(1)')
    }
  })

  it('says what became of it', async () => {
    const organization = await world.organization()
    const invitation = await makeInvitation(organization)
    await expire(world, invitation)
    const page = await browserOf().open(`/invite/${invitation.token}`)
    expect([page.status, textOf(page.text, 'h1')]).toEqual([410, 'This invitation has expired'])
    const browser = browserOf()
    await browser.open('/sign-in')
    const late = await browser.post(`/invite/${invitation.token}/sign-up`, {
      ...newcomer,
      email: 'late@example.com',
      csrf_token: browser.cookies.get('seqn_form') ?? '',
    })
    expect([late.status, textOf(late.text, 'h1')]).toEqual([410, 'This invitation has expired'])
    expect(await world.sql(`select from users where email = 'late@example.com'`)).toEqual([])
  })
})

it('spends nothing on whoever looks, or posts without its form', async () => {
  const organization = await world.organization()
  const grace = await stranger()
  const { token } = await makeInvitation(organization)
  const path = `/invite/${token}`
  await browserOf(grace).open('/auth/console')
  await world.ctx.batches.flush()
  const before = await dump(world)
  for (const method of ['GET', 'HEAD', 'GET']) {
    await world.anonymous.call({ method, path })
    await world.withCookie(grace.cookie).call({ method, path })
  }
  const browser = browserOf(grace)
  for (const action of ['accept', 'decline', 'sign-up']) {
    const fields = { user_id: grace.id, ...newcomer, email: 'none@example.com' }
    expect((await browser.post(`${path}/${action}`, fields)).status).toBe(403)
    const elsewhere = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    expect((await browser.post(`${path}/${action}`, fields, elsewhere)).status).toBe(403)
    expect((await browser.open(`${path}/${action}`)).status).toBeGreaterThanOrEqual(404)
  }
  await world.ctx.batches.flush()
  expect(await dump(world)).toEqual(before)
})
