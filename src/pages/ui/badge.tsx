import type { ComponentChildren } from 'preact'
import { classes } from './class-names.ts'
import { Icon, type IconName } from './icon.tsx'

export type Tone = 'neutral' | 'ok' | 'warn' | 'bad' | 'outline'

type Props = { tone?: Tone; icon?: IconName; children: ComponentChildren }

export const Badge = ({ tone = 'neutral', icon, children }: Props) => (
  <span class={classes('badge', tone !== 'neutral' && tone, !icon && 'plain')}>
    {icon && <Icon name={icon} />}
    <span>{children}</span>
  </span>
)
