import type { VNode } from 'preact'
import { render } from 'preact-render-to-string'
import { SessionsPage } from '../../src/pages/account/sessions.page.tsx'
import { AppConsentPage } from '../../src/pages/auth/app-consent.page.tsx'
import { AuthErrorPage } from '../../src/pages/auth/auth-error.page.tsx'
import { ContinuePage } from '../../src/pages/auth/continue.page.tsx'
import { InvitePage } from '../../src/pages/auth/invite.page.tsx'
import { InviteEndedPage } from '../../src/pages/auth/invite-ended.page.tsx'
import { SignInPage } from '../../src/pages/auth/sign-in.page.tsx'
import { SignedOutPage, SignOutPage } from '../../src/pages/auth/sign-out.page.tsx'
import { SignUpPage } from '../../src/pages/auth/sign-up.page.tsx'
import { NewProjectDialog } from '../../src/pages/console/new-project.dialog.tsx'
import { NoOrganizationPage } from '../../src/pages/console/no-organization.page.tsx'
import { ProblemPage } from '../../src/pages/console/problem.page.tsx'
import { DeleteProjectDialog, DisableProjectDialog } from '../../src/pages/console/project.dialogs.tsx'
import { ProjectKeysPage } from '../../src/pages/console/project-keys.page.tsx'
import { ProjectSettingsPage } from '../../src/pages/console/project-settings.page.tsx'
import { ProjectUrlsPage } from '../../src/pages/console/project-urls.page.tsx'
import { ProjectsPage } from '../../src/pages/console/projects.page.tsx'
import { RevokeDialog } from '../../src/pages/console/revoke.dialog.tsx'
import { RotateDialog } from '../../src/pages/console/rotate.dialog.tsx'
import { SecretDialog } from '../../src/pages/console/secret.dialog.tsx'

const assets = {
  css: '/assets/a.css',
  script: '/assets/a.js',
  icon: '/assets/a.svg',
  font: '/assets/a.woff2',
}
export const context = { assets, theme: undefined, build: 'one' }

export const theSecret = 'sk_live_abc12345_PVFAGDEY3CsnVJcraUCKxvMw543BV6WU'

/** Every page and dialog, each field of which is filled with the same text and each of which has gone wrong. */
export function samplePages(text: string): Record<string, VNode> {
  const brand = { name: text }
  const form = { context, brand, csrfToken: 'token', redirectUrl: '/auth/console', banner: text }
  const at = new Date('2026-05-12T00:00:00Z')
  const problem = { title: text, text, code: text, requestId: text, at, back: { label: text, href: '/' } }

  const shell = {
    context,
    person: { name: text, email: text },
    organization: { slug: 'northwind', name: text, planName: text },
    organizations: [{ slug: 'northwind', name: text }],
    address: '/auth/console/northwind/projects',
    flash: { title: text, text },
  }
  const project = { id: text, slug: text, name: text, status: 'disabled', createdAt: at } as const
  const secretKeys = [
    { id: 'key_1', prefix: text, createdAt: at, lastUsedAt: at, expiresAt: null },
    { id: 'key_2', prefix: text, createdAt: at, lastUsedAt: null, expiresAt: at },
  ]
  const device = { device: text, address: text, lastSeenAt: at, createdAt: at }
  const lineErrors = [
    { line: 1, message: text },
    { line: 3, message: text },
  ]
  const urlTexts = { redirect_urls: text, origins: text, after_sign_in_url: text, after_sign_up_url: text }
  const subject = { org: 'northwind', project: 'storefront' }
  const limit = { used: 2, limit: 2, planName: text }
  const keys = { shell, project, publishableKey: text, secretKeys, baseUrl: text, canWrite: true }
  const settings = { shell, project, canWrite: true, banner: text }

  const invite = {
    context,
    csrfToken: 'token',
    token: 'token',
    organization: text,
    role: 'admin',
    inviter: text,
    email: text,
    expiresAt: at,
    banner: text,
  } as const

  return {
    'sign in': (
      <SignInPage
        {...form}
        singleSignOnUrl="/auth/login"
        values={{ email: text }}
        errors={{ email: text, password: text }}
      />
    ),
    'sign up': (
      <SignUpPage
        {...form}
        values={{ display_name: text, email: text, organization_name: text }}
        errors={{ display_name: text, email: text, password: text, organization_name: text }}
      />
    ),
    'sign out': <SignOutPage context={context} brand={brand} email={text} back="/auth/console" />,
    'signed out': <SignedOutPage context={context} brand={brand} everywhere />,
    continue: (
      <ContinuePage context={context} brand={brand} email={text} continueUrl={text} signInUrl="/sign-in" />
    ),
    'app consent': (
      <AppConsentPage
        context={context}
        brand={brand}
        email={text}
        organization={text}
        host={text}
        hidden={{ state: text }}
        signInUrl="/sign-in"
        cancelUrl={text}
      />
    ),
    invite: (
      <InvitePage {...invite} visitor={{ kind: 'fits', email: text, userId: text, mayDecline: true }} />
    ),
    'invite to a new person': (
      <InvitePage
        {...invite}
        email={null}
        visitor={{ kind: 'nobody', offersAccount: true }}
        values={{ display_name: text, email: text }}
        errors={{ display_name: text, email: text, password: text }}
      />
    ),
    'invite with an address': <InvitePage {...invite} visitor={{ kind: 'nobody', offersAccount: false }} />,
    'invite for another': <InvitePage {...invite} visitor={{ kind: 'other', email: text }} />,
    'invite unverified': <InvitePage {...invite} visitor={{ kind: 'unverified', email: text }} />,
    'invite to a member': <InvitePage {...invite} visitor={{ kind: 'member', email: text }} />,
    'ended invite': <InviteEndedPage context={context} ending="expired" organization={text} />,
    'declined invite': <InviteEndedPage context={context} ending="declined" organization={text} />,
    'account sessions': (
      <SessionsPage
        shell={{ ...shell, organization: undefined }}
        sessions={[
          { ...device, id: 'ses_1', isCurrent: true },
          { ...device, id: 'ses_2', isCurrent: false },
        ]}
        apps={[{ ...device, id: 'ses_3', project: text, organization: text }]}
        grants={[{ id: 'app_1', project: text, organization: text, createdAt: at }]}
      />
    ),
    'only session': <SessionsPage shell={shell} sessions={[]} apps={[]} grants={[]} />,
    'auth error': <AuthErrorPage context={context} brand={brand} suggestion={text} {...problem} />,
    projects: (
      <ProjectsPage
        shell={shell}
        showsKeys
        projects={[{ ...project, secretKeys }]}
        limit={limit}
        creating="allowed"
      />
    ),
    'no projects': (
      <ProjectsPage shell={shell} showsKeys projects={[]} limit={limit} creating="limit_reached" />
    ),
    'new project': (
      <ProjectsPage
        showsKeys
        shell={shell}
        projects={[]}
        limit={limit}
        creating="allowed"
        dialog={
          <NewProjectDialog
            org="northwind"
            idempotencyKey="once"
            values={{ name: text, slug: text, ...urlTexts }}
            errors={{ name: text, slug: text, ...urlTexts }}
            lineErrors={{ redirect_urls: lineErrors, origins: lineErrors }}
            banner={text}
          />
        }
      />
    ),
    keys: <ProjectKeysPage {...keys} />,
    'no keys': <ProjectKeysPage {...keys} secretKeys={[]} canWrite={false} />,
    rotate: (
      <ProjectKeysPage
        {...keys}
        dialog={
          <RotateDialog {...subject} idempotencyKey="once" retires={[text]} error={text} banner={text} />
        }
      />
    ),
    revoke: (
      <ProjectKeysPage
        {...keys}
        dialog={
          <RevokeDialog
            {...subject}
            secretKey={{ id: 'key_1', prefix: text, lastUsedAt: at }}
            usedInLast24Hours
            last
            banner={text}
          />
        }
      />
    ),
    secret: (
      <ProjectKeysPage
        {...keys}
        dialog={
          <SecretDialog
            {...subject}
            secret={theSecret}
            made="by_rotation"
            retires={[{ prefix: text, expiresAt: at }]}
          />
        }
      />
    ),
    urls: (
      <ProjectUrlsPage
        {...settings}
        values={urlTexts}
        errors={urlTexts}
        lineErrors={{ redirect_urls: lineErrors, origins: lineErrors }}
      />
    ),
    'urls to read': <ProjectUrlsPage {...settings} canWrite={false} values={urlTexts} />,
    settings: <ProjectSettingsPage {...settings} values={{ name: text }} errors={{ name: text }} />,
    'settings to read': <ProjectSettingsPage {...settings} canWrite={false} />,
    disable: (
      <ProjectSettingsPage
        {...settings}
        dialog={<DisableProjectDialog org="northwind" project={project} secretKeys={2} banner={text} />}
      />
    ),
    delete: (
      <ProjectSettingsPage
        {...settings}
        dialog={
          <DeleteProjectDialog
            org="northwind"
            project={project}
            secretKeys={1}
            typed={text}
            error={text}
            banner={text}
          />
        }
      />
    ),
    problem: <ProblemPage shell={shell} {...problem} />,
    'no organization': (
      <NoOrganizationPage
        shell={{ ...shell, organization: undefined, organizations: [] }}
        stepUpUrl="/auth/login"
      />
    ),
  }
}

/** The same as HTML, by name, for `it.each`. */
export const sampleHtml = (text: string): [string, string][] =>
  Object.entries(samplePages(text)).map(([name, page]) => [name, render(page)])
