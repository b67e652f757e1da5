import { initials } from '../format.ts'
import { Badge } from '../ui/badge.tsx'
import { Icon, Logo } from '../ui/icon.tsx'
import { Menu, MenuLink, Tile } from '../ui/menu.tsx'
import { UserText } from '../ui/text.tsx'
import { urls } from '../urls.ts'
import type { Shell } from './console-layout.tsx'
import { navigation, type Section } from './navigation.ts'

type Props = Pick<Shell, 'organization' | 'organizations'> & { section: Section | undefined }

/** A popover, so that the button of narrow screens opens it without script; wide screens always show it. */
export const ConsoleRail = ({ organization, organizations, section }: Props) => (
  <aside id="rail" class="rail" aria-label="Sidebar" popover="auto">
    <div class="brand">
      <Logo />
      Silver Auth
    </div>
    {organization && (
      <>
        <Switcher organization={organization} organizations={organizations} />
        <nav aria-label="Main">
          {navigation.map((group) => (
            <div key={group.label ?? ''}>
              {group.label && <h2>{group.label}</h2>}
              <ul>
                {group.items.map((item) => (
                  <li key={item.section}>
                    <a
                      href={item.href(organization.slug)}
                      aria-current={item.section === section ? 'page' : undefined}
                    >
                      <Icon name={item.icon} />
                      {item.label}
                    </a>
                  </li>
                ))}
              </ul>
            </div>
          ))}
        </nav>
      </>
    )}
  </aside>
)

type SwitcherProps = {
  organization: NonNullable<Shell['organization']>
  organizations: Shell['organizations']
}

const Switcher = ({ organization, organizations }: SwitcherProps) => (
  <>
    <button type="button" class="switcher" popovertarget="organizations">
      <Tile letters={initials(organization.name)} />
      <span class="name">
        <UserText>{organization.name}</UserText>
      </span>
      <Badge tone="outline">
        <UserText>{organization.planName}</UserText>
        <span class="sr-only"> plan. Switch organization</span>
      </Badge>
      <Icon name="chevronsUpDown" />
    </button>
    <Menu id="organizations" place="organizations">
      <ul aria-label="Your organizations">
        {organizations.map(({ slug, name }) => (
          <li key={slug}>
            <MenuLink href={urls.projects(slug)} tile={initials(name)} current={slug === organization.slug}>
              <UserText>{name}</UserText>
            </MenuLink>
          </li>
        ))}
      </ul>
    </Menu>
  </>
)
