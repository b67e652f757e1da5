import { createSeqnAuthClient } from '/sdk/index.js'

const element = (id) => document.getElementById(id)
const redirectUrl = `${location.origin}/`

/** Shows who is signed in, as the service knows them now. */
async function show(client) {
  const me = await client.getMe()
  element('signed-in').hidden = !me
  element('signed-out').hidden = Boolean(me)
  element('status').textContent = me ? `Hello ${me.user.name ?? me.user.email}` : 'You are signed out.'
  element('email').textContent = me?.user.email ?? ''
  element('organization').textContent =
    me?.organizations.map(({ name, role }) => `${name} (${role})`).join(', ') || 'none'
}

const showError = (error) => {
  element('status').textContent = `${error.message} (${error.apiCode ?? error.code ?? error.name})`
}

/** Does something when a button is pressed. */
function onPress(id, work) {
  element(id).addEventListener('click', () => work().catch(showError))
}

async function start() {
  const client = createSeqnAuthClient(await (await fetch('/config.json')).json())

  onPress('sign-in', () => client.signIn.start({ redirectUrl }))
  onPress('sign-up', () => client.signIn.start({ redirectUrl, signUp: true }))
  onPress('refresh', async () => {
    await client.session.refresh()
    await show(client)
  })
  onPress('sign-out', async () => {
    await client.session.end()
    await show(client)
  })

  // Does something only when this address brings a sign-in back.
  const failure = await client.signIn.finish(location.href).catch((error) => error)
  await show(client)
  if (failure instanceof Error) showError(failure)
}

start().catch(showError)
