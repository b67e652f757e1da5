import { relativeTime } from '../format.ts'
import { each } from './dom.ts'

const local = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'long' })

/** The server wrote UTC and an age that grows old; this is the reader's own time zone and the age now. */
export const enhanceTimes = () =>
  each<HTMLTimeElement>('time[data-time]', (time) => {
    const full = local.format(new Date(time.dateTime))
    if (time.dataset.time === 'relative') {
      time.title = full
      time.textContent = relativeTime(time.dateTime)
    } else {
      time.textContent = full
    }
  })
