import { type Moment, relativeTime } from '../format.ts'
import { Dialog, DialogForm } from '../ui/dialog.tsx'
import { Banner, Note } from '../ui/note.tsx'
import { Mono, Small, Time } from '../ui/text.tsx'
import { urls } from '../urls.ts'

export type RevokeDialogProps = {
  org: string
  project: string
  secretKey: { id: string; prefix: string; lastUsedAt: Moment | null }
  usedInLast24Hours: boolean
  /** No other key would be left to call the API with. */
  last: boolean
  banner?: string | undefined
}

export const RevokeDialog = ({
  org,
  project,
  secretKey,
  usedInLast24Hours,
  last,
  banner,
}: RevokeDialogProps) => {
  const back = urls.projectKeys(org, project)
  const { id, prefix, lastUsedAt } = secretKey
  return (
    <Dialog
      id="revoke"
      title="Revoke secret key"
      text={
        <>
          <Mono>{`${prefix}…`}</Mono> is refused on the next request. This cannot be undone.
        </>
      }
      back={back}
    >
      <DialogForm
        id="revoke-form"
        action={urls.revokeKey(org, project, id)}
        submit="Revoke key"
        back={back}
        danger
      >
        {banner && <Banner text={banner} />}
        {usedInLast24Hours && lastUsedAt !== null ? (
          <Note tone="warn">
            <p>
              In use: last request <Time at={lastUsedAt} />. What still sends this key stops working.
            </p>
          </Note>
        ) : (
          <Note>
            {lastUsedAt === null
              ? 'This key was never used.'
              : `Not used in the last 24 hours. Last request ${relativeTime(lastUsedAt)}.`}
          </Note>
        )}
        {last && (
          <Small quiet>
            It is the only secret key: your server cannot call Silver Auth until you create another.
          </Small>
        )}
      </DialogForm>
    </Dialog>
  )
}
