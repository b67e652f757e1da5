// The script of the console. It only enhances what the server rendered, on load and after each navigation;
// enhancing twice changes nothing.
import './auto-submit.ts'
import { enhanceCopy } from './copy.ts'
import { enhanceDialogs } from './dialogs.ts'
import './htmx.ts'
import { settle } from './navigation.ts'
import { enhanceSecret } from './secret.ts'
import { enhanceTheme } from './theme.ts'
import { enhanceTimes } from './times.ts'
import { enhanceFlash } from './toasts.ts'

function enhance() {
  enhanceCopy()
  enhanceTimes()
  enhanceTheme()
  enhanceSecret()
  enhanceDialogs()
  enhanceFlash()
}

enhance()
document.addEventListener('htmx:after:swap', ({ detail }) => {
  enhance()
  settle(detail.ctx)
})
setInterval(enhanceTimes, 30_000)
