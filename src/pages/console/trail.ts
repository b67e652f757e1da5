import type { Crumb, Shell } from '../layouts/console-layout.tsx'
import { urls } from '../urls.ts'

/** A breadcrumb that starts at the organization. */
export const trail = ({ organization }: Shell, ...crumbs: readonly Crumb[]): readonly Crumb[] =>
  organization ? [{ label: organization.name, href: urls.projects(organization.slug) }, ...crumbs] : crumbs
