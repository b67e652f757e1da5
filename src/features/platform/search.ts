import { invalidInput } from '../../errors.ts'
import { type IdPrefix, isId } from '../../lib/ids.ts'
import type { Search } from './search-queries.ts'

const betweenWords = /[\0-/:-@[-`{-\x7f]+/

/** What somebody who types `text` looks for: what has this id, or words that begin so. */
export function searchFor(prefix: IdPrefix, text: string | undefined): Search {
  if (text === undefined) return undefined
  if (isId(prefix, text)) return { id: text }
  const words = text.split(betweenWords).filter(Boolean)
  if (words.length === 0) throw invalidInput('query', 'must have a letter or a digit')
  return { words }
}
