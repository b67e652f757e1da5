/** Told how often a caller was counted in its window so far, this time included, and when the window ends. */
export type Counted = (count: number, msLeft: number) => void

/** Counts a caller, known by two texts of which the second may be empty, and tells at once or later. */
export type Count = (caller: string, detail: string, counted: Counted) => void

/** Fixed windows of time for the callers of each bucket: a window begins with a caller's first request after the last. */
export type Windows = (bucket: string) => Count
