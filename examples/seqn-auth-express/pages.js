const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escaped = (text) => String(text).replace(/[&<>"']/g, (character) => escapes[character])

/** HTML in which every value is text. */
const html = (parts, ...values) => String.raw({ raw: parts }, ...values.map(escaped))

const page = (title, body) =>
  html`<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title><link rel="stylesheet" href="/style.css"><main><h1>${title}</h1>`.concat(
    body,
    '</main></html>',
  )

/** The page that everybody sees. */
export const homePage = ({ publicConfig }) =>
  page(
    publicConfig.application.name,
    html`<p>An app of ${publicConfig.organization.name}.</p>
<p><a href="/auth/sign-in?return_to=/me">Sign in</a> or <a href="/auth/sign-up?return_to=/me">sign up</a></p>`,
  )

/** The page of the signed-in person. */
export const mePage = ({ session, hosted }) =>
  page(
    `Hello ${session.user.name ?? session.user.email}`,
    html`<dl><dt>E-mail</dt><dd id="email">${session.user.email}</dd>
<dt>Role</dt><dd id="role">${session.organization?.role ?? 'none'}</dd></dl>
<p><a href="${hosted.accountUrl()}">Your account</a> · <a href="/auth/sign-out">Sign out</a></p>`,
  )
