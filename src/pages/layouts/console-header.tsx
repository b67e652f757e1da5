import { initials, visible } from '../format.ts'
import { Button } from '../ui/button.tsx'
import { Hidden } from '../ui/form.tsx'
import { Icon } from '../ui/icon.tsx'
import { Avatar, Menu, MenuLink, MenuRadio } from '../ui/menu.tsx'
import { UserText } from '../ui/text.tsx'
import { urls } from '../urls.ts'
import type { Crumb, Shell } from './console-layout.tsx'
import type { Theme } from './document.tsx'

export const ConsoleHeader = ({ shell, crumbs }: { shell: Shell; crumbs: readonly Crumb[] }) => (
  <header class="top">
    <button type="button" class="btn ghost square for-rail" aria-label="Navigation" popovertarget="rail">
      <Icon name="menu" />
    </button>
    <Breadcrumb crumbs={crumbs} />
    <button type="button" class="btn ghost square" aria-label="Theme" popovertarget="theme">
      <Icon name="sun" />
    </button>
    <ThemeMenu theme={shell.context.theme} address={shell.address} />
    <button type="button" class="round" popovertarget="account">
      <Avatar letters={initials(shell.person.name || shell.person.email)} />
      <span class="sr-only">Account of {visible(shell.person.email)}</span>
    </button>
    <AccountMenu person={shell.person} />
  </header>
)

const Breadcrumb = ({ crumbs }: { crumbs: readonly Crumb[] }) => (
  <nav aria-label="Breadcrumb">
    <ol class="crumbs">
      {crumbs.map(({ label, href }, index) => (
        <li key={label}>
          {href ? (
            <a href={href}>
              <UserText>{label}</UserText>
            </a>
          ) : (
            <span aria-current={index === crumbs.length - 1 ? 'page' : undefined}>
              <UserText>{label}</UserText>
            </span>
          )}
        </li>
      ))}
    </ol>
  </nav>
)

const themes = [
  { value: 'system', label: 'System', icon: 'monitor' },
  { value: 'light', label: 'Light', icon: 'sun' },
  { value: 'dark', label: 'Dark', icon: 'moon' },
] as const

/** With script a choice applies at once and "Apply" is hidden; without, the form posts it. */
const ThemeMenu = ({ theme, address }: { theme: Theme | undefined; address: string }) => (
  <Menu id="theme" place="theme">
    <form method="post" action={urls.theme()} data-theme-form>
      <Hidden fields={{ return_to: address }} />
      <fieldset>
        <legend class="sr-only">Theme</legend>
        {themes.map(({ value, label, icon }) => (
          <MenuRadio
            key={value}
            name="theme"
            value={value}
            checked={value === (theme ?? 'system')}
            icon={icon}
          >
            {label}
          </MenuRadio>
        ))}
      </fieldset>
      <div data-without-script>
        <Button small>Apply</Button>
      </div>
    </form>
  </Menu>
)

const AccountMenu = ({ person }: Pick<Shell, 'person'>) => (
  <Menu id="account" place="account">
    <p>
      {person.name && (
        <>
          <span class="strong">
            <UserText>{person.name}</UserText>
          </span>
          <br />
        </>
      )}
      <span class="quiet">
        <UserText>{person.email}</UserText>
      </span>
    </p>
    <hr />
    <MenuLink href={urls.accountSessions()} icon="monitor">
      Sessions and apps
    </MenuLink>
    <MenuLink href={urls.signOut()} icon="logOut" leaves>
      Sign out
    </MenuLink>
  </Menu>
)
