import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

/** The table "Visual language": light, dark. */
const table: Record<string, [string, string]> = {
  canvas: ['#f9fafb', '#0d0e11'],
  surface: ['#ffffff', '#141619'],
  raised: ['#ffffff', '#1c1e22'],
  subtle: ['#f3f4f6', '#1f2226'],
  line: ['#e1e3e6', '#2b2e33'],
  'line-strong': ['#8f9298', '#686c73'],
  ink: ['#15181f', '#eff0f2'],
  'ink-2': ['#545860', '#a6a9b0'],
  primary: ['#1b1f28', '#ebedef'],
  'on-primary': ['#fcfcfc', '#14161b'],
  accent: ['#3655cd', '#82a1f6'],
  'accent-soft': ['#eaf0ff', '#1e2949'],
  ok: ['#006a3a', '#6ad895'],
  'ok-soft': ['#e0f9e8', '#152f1f'],
  'ok-fill': ['#2fa465', '#43a96e'],
  warn: ['#835100', '#edbb64'],
  'warn-soft': ['#fff1d1', '#3c2a0e'],
  bad: ['#b71824', '#fc918e'],
  'bad-soft': ['#ffedec', '#451e1d'],
  'bad-fill': ['#e64343', '#e55551'],
}

const css = readFileSync(join(import.meta.dirname, '../../src/pages/styles/tokens.css'), 'utf8')

function hex(lightness: number, chroma: number, hue: number): string {
  const a = chroma * Math.cos((hue * Math.PI) / 180)
  const b = chroma * Math.sin((hue * Math.PI) / 180)
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ]
  const bytes = linear.map((value) => {
    const clamped = Math.min(1, Math.max(0, value))
    return Math.round(255 * (clamped <= 0.0031308 ? 12.92 * clamped : 1.055 * clamped ** (1 / 2.4) - 0.055))
  })
  return `#${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

it.each(Object.entries(table))('--%s has the colours that were measured', (name, colours) => {
  const [, value = ''] = css.match(new RegExp(`--${name}: light-dark\\((.*)\\);`)) ?? []
  const found = [...value.matchAll(/oklch\((\S+) (\S+) (\S+)\)/g)].map(([, l, c, h]) =>
    hex(Number(l), Number(c), Number(h)),
  )
  expect(found).toEqual(colours)
})
