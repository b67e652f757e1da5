import type { ComponentChildren } from 'preact'
import { visible } from '../format.ts'
import { classes } from './class-names.ts'
import { Icon, type IconName } from './icon.tsx'

type Look = {
  look?: 'primary' | 'secondary' | 'danger' | 'ghost' | undefined
  small?: boolean | undefined
  wide?: boolean | undefined
  icon?: IconName | undefined
  children: ComponentChildren
}

const looks = ({ look = 'secondary', small, wide }: Look) =>
  classes('btn', look !== 'secondary' && look, small && 'small', wide && 'wide')

type ButtonProps = Look & {
  name?: string
  value?: string
  /** Read instead of the visible words, which it must start with, where several say the same. */
  label?: string
}

/** Submits the form that it stands in. */
export const Button = ({ name, value, label, ...look }: ButtonProps) => (
  <button type="submit" class={looks(look)} name={name} value={value} aria-label={label && visible(label)}>
    {look.icon && <Icon name={look.icon} />}
    <span>{look.children}</span>
  </button>
)

type LinkButtonProps = Look & {
  href: string
  /** Read instead of the visible words, which it must start with, where several say the same. */
  label?: string
  /** Leads out of the shell, so the browser itself goes there. */
  leaves?: boolean
}

export const LinkButton = ({ href, label, leaves, ...look }: LinkButtonProps) => (
  <a
    class={looks(look)}
    href={href}
    aria-label={label && visible(label)}
    hx-boost={leaves ? 'false' : undefined}
  >
    {look.icon && <Icon name={look.icon} />}
    <span>{look.children}</span>
  </a>
)
