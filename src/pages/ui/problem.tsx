import type { Moment } from '../format.ts'
import { DefinitionList } from './card.tsx'
import { Note } from './note.tsx'
import { FullTime, Id, Mono, UserText } from './text.tsx'

export type ProblemFacts = {
  code: string
  requestId: string
  at: Moment
}

/** What support needs to find the failure again. */
export const Problem = ({ suggestion, code, requestId, at }: ProblemFacts & { suggestion?: string }) => (
  <>
    {suggestion && (
      <Note>
        <UserText>{suggestion}</UserText>
      </Note>
    )}
    <DefinitionList
      facts={[
        { term: 'Code', children: <Mono>{code}</Mono> },
        { term: 'Request', children: <Id value={requestId} label="request ID" /> },
        { term: 'Time', children: <FullTime at={at} /> },
      ]}
    />
  </>
)
