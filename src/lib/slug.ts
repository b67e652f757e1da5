/** A slug made of a name (`Ada's Shop` → `ada-s-shop`); `otherwise` where nothing of the name can be kept. */
export function slugFrom(name: string, otherwise: string): string {
  const kept = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 60)
    .replace(/^-+|-+$/g, '')
  return kept || otherwise
}
