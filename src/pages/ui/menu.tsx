import type { ComponentChildren } from 'preact'
import { visible } from '../format.ts'
import { classes } from './class-names.ts'
import { Icon, type IconName } from './icon.tsx'

type MenuProps = { id: string; place: 'organizations' | 'theme' | 'account'; children: ComponentChildren }

/** Floats, closes on Escape and on a click elsewhere: all of it the browser's own popover. */
export const Menu = ({ id, place, children }: MenuProps) => (
  <div id={id} class={classes('menu', place)} popover="auto">
    {children}
  </div>
)

type MenuLinkProps = {
  href: string
  icon?: IconName
  tile?: string
  current?: boolean
  /** Leads out of the shell, so the browser itself goes there. */
  leaves?: boolean
  children: ComponentChildren
}

export const MenuLink = ({ href, icon, tile, current, leaves, children }: MenuLinkProps) => (
  <a
    class="option"
    href={href}
    aria-current={current ? 'true' : undefined}
    hx-boost={leaves ? 'false' : undefined}
  >
    {icon && <Icon name={icon} />}
    {tile && <Tile letters={tile} />}
    <span>{children}</span>
    {current && <Icon name="check" class="end" />}
  </a>
)

type MenuRadioProps = { name: string; value: string; checked: boolean; icon: IconName; children: string }

export const MenuRadio = ({ name, value, checked, icon, children }: MenuRadioProps) => (
  <label class="option">
    <Icon name={icon} />
    <span>{children}</span>
    <input class="end" type="radio" name={name} value={value} checked={checked} />
  </label>
)

/** Initials; the name always stands beside them. */
export const Tile = ({ letters }: { letters: string }) => (
  <span class="tile" aria-hidden="true">
    {visible(letters)}
  </span>
)

export const Avatar = ({ letters }: { letters: string }) => (
  <span class="avatar" aria-hidden="true">
    {visible(letters)}
  </span>
)
