import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { chromium } from 'playwright-core'

/** Takes the pictures of README and docs from a running service: `node scripts/pictures.ts <base URL>`. */
const [baseUrl = 'http://127.0.0.1:4080'] = process.argv.slice(2)
const directory = path.join(import.meta.dirname, '..', 'docs', 'pictures')
const quiet = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run']
const closed = ['--disable-background-networking', '--disable-component-update', '--disable-sync']

await mkdir(directory, { recursive: true })
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: [...quiet, ...closed] })
const page = await browser.newPage({ viewport: { width: 1120, height: 700 }, colorScheme: 'light' })
await page.goto(`${baseUrl}/sign-in`)
await page.screenshot({ path: path.join(directory, 'sign-in.png') })
await browser.close()
