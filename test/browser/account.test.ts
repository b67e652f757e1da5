import { expect, it } from 'vitest'
import { makeApp, signInTo } from '../support/app-sign-in.ts'
import { describeInBrowser, startSite } from './harness.ts'

const site = await startSite()
const callback = 'https://app.customer.test/callback'

describeInBrowser('apps and the account', () => {
  it('asks before the first sign-in to an app, shows it under the account, and ends it there', async () => {
    const { world } = site
    const organization = await world.organization({ plan: 'pro', name: 'Northwind Traders' })
    const project = await makeApp(world, organization, { name: 'Storefront' })
    const { owner: person } = await world.organization({ name: 'Home' })
    const visitor = await site.visit()
    const { page } = visitor
    const query = new URLSearchParams({
      publishable_key: project.publishableKey,
      redirect_url: callback,
      state: 'state',
      code_challenge: 'A'.repeat(43),
    })
    await page.goto(`/sign-in?${query}`)
    await visitor.checkpoint('sign-in to an app')
    await page.getByLabel('Email address').fill(person.email)
    await page.getByRole('textbox', { name: 'Password' }).fill(person.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Continue to Storefront' }).waitFor()
    await visitor.checkpoint('continue to an app')

    await signInTo(world, project, person)
    await world.signIn(person.email)
    await page.goto('/account/sessions')
    await visitor.checkpoint('account sessions')
    await page.getByRole('button', { name: 'Revoke access of Storefront' }).click()
    await page.getByText('Access revoked').waitFor()
    await page.getByRole('button', { name: 'Sign out all others' }).click()
    await page.getByText('No other sessions').waitFor()
    expect(await page.getByText('No apps of other organizations').isVisible()).toBe(true)
    await visitor.checkpoint('account with one session')
  })

  it('says in words, on a narrow screen too, which device is this one', async () => {
    const { owner: person } = await site.world.organization({ name: 'Narrow' })
    const visitor = await site.visit({ viewport: { width: 390, height: 844 } })
    const { page } = visitor
    await page.goto('/sign-in?redirect_url=/account/sessions')
    await page.getByLabel('Email address').fill(person.email)
    await page.getByRole('textbox', { name: 'Password' }).fill(person.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    const words = page.getByText('This device')
    await words.waitFor()
    // Words that are only for screen readers are clipped away.
    expect(await words.evaluate((element) => getComputedStyle(element).clipPath)).toBe('none')
    await visitor.checkpoint('account on a narrow screen')
  })
})
