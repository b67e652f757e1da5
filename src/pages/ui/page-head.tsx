import type { ComponentChildren } from 'preact'
import { UserText } from './text.tsx'

type PageHeadProps = { title: string; badge?: ComponentChildren; text: string; action?: ComponentChildren }

export const PageHead = ({ title, badge, text, action }: PageHeadProps) => (
  <div class="page-head">
    <div>
      <div class="cluster">
        <h1>
          <UserText>{title}</UserText>
        </h1>
        {badge}
      </div>
      <p>
        <UserText>{text}</UserText>
      </p>
    </div>
    {action && <div class="cluster loose">{action}</div>}
  </div>
)

export type Tab = { label: string; href: string; current: boolean }

export const Tabs = ({ label, tabs }: { label: string; tabs: readonly Tab[] }) => (
  <nav aria-label={label}>
    <ul class="tabs">
      {tabs.map((tab) => (
        <li key={tab.href}>
          <a href={tab.href} aria-current={tab.current ? 'page' : undefined}>
            {tab.label}
          </a>
        </li>
      ))}
    </ul>
  </nav>
)
