import { backendExchangeRoutes } from './features/app-sign-in/backend-routes.ts'
import { clientExchangeRoutes } from './features/app-sign-in/client-routes.ts'
import { grantRoutes } from './features/app-sign-in/user-routes.ts'
import { backendAuditLogRoutes } from './features/audit-log/backend-routes.ts'
import { auditLogRoutes } from './features/audit-log/organization-routes.ts'
import { auditLogsRoutes } from './features/audit-log/user-routes.ts'
import { passwordRoutes } from './features/credentials/user-routes.ts'
import { backendEventRoutes } from './features/events/backend-routes.ts'
import { eventRoutes } from './features/events/organization-routes.ts'
import { healthRoutes } from './features/health/public-routes.ts'
import { invitationRoutes } from './features/invitations/organization-routes.ts'
import { invitationTokenRoutes } from './features/invitations/public-routes.ts'
import { declineRoutes } from './features/invitations/user-routes.ts'
import { authenticateBackend } from './features/keys/authenticate.ts'
import { backendApplicationRoutes } from './features/keys/backend-routes.ts'
import { secretKeyRoutes } from './features/keys/organization-routes.ts'
import { memberRoutes } from './features/members/organization-routes.ts'
import { organizationSessionRoutes } from './features/organization-sessions/organization-routes.ts'
import { authenticateMember } from './features/organizations/authenticate.ts'
import { organizationRoutes } from './features/organizations/organization-routes.ts'
import { myOrganizationRoutes } from './features/organizations/user-routes.ts'
import { authenticatePlatformAdmin } from './features/platform/authenticate.ts'
import { platformRoutes } from './features/platform/platform-routes.ts'
import { authenticateMe } from './features/project-sessions/authenticate.ts'
import { verifySessionRoutes } from './features/project-sessions/backend-routes.ts'
import { projectSessionRoutes } from './features/project-sessions/client-routes.ts'
import { ownProjectSessionRoutes } from './features/project-sessions/user-routes.ts'
import {
  allowsAnyProjectOrigin,
  allowsProjectOrigin,
  authenticateClient,
} from './features/projects/authenticate.ts'
import { clientConfigRoutes } from './features/projects/client-routes.ts'
import { projectRoutes } from './features/projects/organization-routes.ts'
import { authenticateAnyone, authenticateUser } from './features/sessions/authenticate.ts'
import { activeOrganizationRoutes, meRoutes } from './features/sessions/me-routes.ts'
import { jwksRoutes, logoutRoutes } from './features/sessions/public-routes.ts'
import { reauthenticationRoutes, sessionRoutes } from './features/sessions/user-routes.ts'
import { serviceRoutes } from './features/setup/public-routes.ts'
import { backchannelLogoutRoutes } from './features/sign-in/provider-routes.ts'
import { signInRoutes } from './features/sign-in/public-routes.ts'
import { subscriptionRoutes } from './features/subscriptions/organization-routes.ts'
import { platformSubscriptionRoutes } from './features/subscriptions/platform-routes.ts'
import { planRoutes } from './features/subscriptions/public-routes.ts'
import { backendUsageRoutes } from './features/usage/backend-routes.ts'
import { usageRoutes } from './features/usage/organization-routes.ts'
import { profileRoutes } from './features/users/user-routes.ts'
import { webhookDeliveryRoutes } from './features/webhook-deliveries/organization-routes.ts'
import { webhookEndpointRoutes } from './features/webhooks/organization-routes.ts'
import type { Audience } from './http/audiences.ts'
import { accountPages } from './pages/account/routes.tsx'
import { appSignInPages } from './pages/auth/app-routes.tsx'
import { authErrorPages } from './pages/auth/error-routes.tsx'
import { invitePages } from './pages/auth/invite-routes.tsx'
import { oidcPages } from './pages/auth/oidc-routes.tsx'
import { signInPages, signOutPages, signUpPages } from './pages/auth/routes.tsx'
import { projectKeysPages } from './pages/console/project-keys-routes.tsx'
import { projectSettingsPages, projectUrlsPages } from './pages/console/project-settings-routes.tsx'
import { projectsPages } from './pages/console/projects-routes.tsx'
import { consoleEntrance, organizationEntrance } from './pages/console/routes.tsx'
import { homeRoutes } from './pages/home-routes.ts'
import { acceptForms } from './pages/plugin.ts'
import { answerWithPage } from './pages/problems.tsx'
import type { Pages } from './pages/render.ts'
import { themeRoutes } from './pages/theme-routes.ts'

/** What audiences of pages share: forms come in, and errors leave as pages. */
const asPages = (pages: Pages) => ({
  isBrowser: true as const,
  pages: { prepare: acceptForms, answerErrors: answerWithPage(pages) },
  errors: [],
})

/** All that a process without an API answers. */
export const healthAudience: Audience = {
  name: 'public',
  authenticate: authenticateAnyone,
  routes: [healthRoutes],
  errors: [],
}

/** Table of contents: everything the world can call, by who may call it and how they prove who they are. */
export const audiences = (pages: Pages): Audience[] => [
  {
    name: 'public',
    authenticate: authenticateAnyone,
    routes: [healthRoutes, serviceRoutes, planRoutes, jwksRoutes],
    errors: [],
  },
  {
    name: 'identity',
    authenticate: authenticateAnyone,
    isBrowser: true,
    routes: [signInRoutes, invitationTokenRoutes, logoutRoutes],
    errors: [],
  },
  {
    name: 'provider',
    authenticate: authenticateAnyone,
    routes: [backchannelLogoutRoutes],
    errors: [],
  },
  {
    name: 'client',
    authenticate: authenticateClient,
    sharesWithOrigins: allowsProjectOrigin,
    routes: [clientConfigRoutes, clientExchangeRoutes, projectSessionRoutes],
    errors: ['invalid_publishable_key', 'application_not_found', 'application_disabled'],
  },
  {
    name: 'backend',
    authenticate: authenticateBackend,
    routes: [
      backendApplicationRoutes,
      backendExchangeRoutes,
      verifySessionRoutes,
      backendUsageRoutes,
      backendEventRoutes,
      backendAuditLogRoutes,
    ],
    errors: ['invalid_secret_key', 'application_disabled'],
  },
  {
    name: 'me',
    authenticate: authenticateMe,
    isBrowser: true,
    sharesWithOrigins: allowsAnyProjectOrigin,
    routes: [meRoutes],
    errors: ['authentication_required'],
  },
  {
    name: 'user',
    authenticate: authenticateUser,
    isBrowser: true,
    routes: [
      sessionRoutes,
      reauthenticationRoutes,
      profileRoutes,
      passwordRoutes,
      activeOrganizationRoutes,
      myOrganizationRoutes,
      ownProjectSessionRoutes,
      grantRoutes,
      declineRoutes,
      auditLogsRoutes,
    ],
    errors: ['authentication_required'],
  },
  {
    name: 'organization',
    authenticate: authenticateMember,
    isBrowser: true,
    routes: [
      organizationRoutes,
      memberRoutes,
      invitationRoutes,
      organizationSessionRoutes,
      projectRoutes,
      secretKeyRoutes,
      webhookEndpointRoutes,
      webhookDeliveryRoutes,
      eventRoutes,
      subscriptionRoutes,
      usageRoutes,
      auditLogRoutes,
    ],
    errors: ['authentication_required', 'not_found'],
  },
  {
    name: 'platform',
    authenticate: authenticatePlatformAdmin,
    isBrowser: true,
    routes: [platformRoutes, platformSubscriptionRoutes],
    errors: ['authentication_required', 'platform_admin_required'],
  },
  {
    name: 'pages',
    authenticate: authenticateAnyone,
    routes: [
      homeRoutes,
      signInPages(pages),
      appSignInPages(pages),
      signUpPages(pages),
      signOutPages(pages),
      invitePages(pages),
      oidcPages(pages),
      authErrorPages(pages),
      themeRoutes,
    ],
    ...asPages(pages),
  },
  {
    name: 'account',
    authenticate: authenticateUser,
    routes: [accountPages(pages)],
    ...asPages(pages),
  },
  {
    name: 'console',
    authenticate: authenticateUser,
    routes: [consoleEntrance(pages)],
    ...asPages(pages),
  },
  {
    name: 'console-organization',
    authenticate: authenticateMember,
    routes: [
      organizationEntrance,
      projectsPages(pages),
      projectKeysPages(pages),
      projectUrlsPages(pages),
      projectSettingsPages(pages),
    ],
    ...asPages(pages),
  },
]
