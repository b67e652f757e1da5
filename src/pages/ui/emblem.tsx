import { initials } from '../format.ts'
import { Icon, type IconName, Logo } from './icon.tsx'

/** Stands above the title of a lone card: whose page this is, or what has happened. */
export const Emblem = ({ brand, icon }: { brand?: string | undefined; icon?: IconName | undefined }) => {
  if (icon) {
    return (
      <span class="emblem soft">
        <Icon name={icon} />
      </span>
    )
  }
  return (
    <span class="emblem" aria-hidden="true">
      {brand ? initials(brand) : <Logo />}
    </span>
  )
}
