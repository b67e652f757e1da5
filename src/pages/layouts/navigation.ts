import type { IconName } from '../ui/icon.tsx'
import { urls } from '../urls.ts'

export type Section = 'projects'

type Item = { section: Section; label: string; icon: IconName; href: (org: string) => string }
type Group = { label?: string; items: readonly Item[] }

/** The rail of the console: a new area is a line here. */
export const navigation: readonly Group[] = [
  {
    items: [{ section: 'projects', label: 'Projects', icon: 'projects', href: (org) => urls.projects(org) }],
  },
]
