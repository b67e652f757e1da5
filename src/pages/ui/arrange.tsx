import type { ComponentChildren } from 'preact'
import { classes } from './class-names.ts'

type Props = { children: ComponentChildren }

export const Stack = ({ children, tight }: Props & { tight?: boolean }) => (
  <div class={classes('stack', tight && 'tight')}>{children}</div>
)

/** Things side by side that wrap when room is short. */
export const Cluster = ({ children, loose }: Props & { loose?: boolean }) => (
  <div class={classes('cluster', loose && 'loose')}>{children}</div>
)

/** Between two ways to the same end. */
export const Or = () => <p class="or">or</p>

/** The width of forms: lines and inputs longer than this are hard to read. */
export const Column = ({ children }: Props) => <div class="column">{children}</div>
