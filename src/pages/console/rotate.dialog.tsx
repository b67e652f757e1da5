import { Dialog, DialogForm } from '../ui/dialog.tsx'
import { Banner } from '../ui/note.tsx'
import { RadioGroup } from '../ui/radios.tsx'
import { Mono, Small } from '../ui/text.tsx'
import { urls } from '../urls.ts'

/** In seconds; the values that the API takes as overlapSeconds. */
export type Overlap = '0' | '3600' | '86400' | '604800'

const overlaps: readonly { value: Overlap; label: string; effect: string }[] = [
  {
    value: '0',
    label: 'Now',
    effect: 'The old key is refused on the next request. For a key that has leaked.',
  },
  { value: '3600', label: '1 hour', effect: 'Both keys work for an hour: enough for one deployment.' },
  { value: '86400', label: '24 hours', effect: 'Both keys work for a day. The usual choice.' },
  {
    value: '604800',
    label: '7 days',
    effect: 'Both keys work for a week: for apps that are updated by hand.',
  },
]

export type RotateDialogProps = {
  org: string
  project: string
  idempotencyKey: string
  /** Prefixes of the keys that are active now. */
  retires: readonly string[]
  overlap?: Overlap | undefined
  error?: string | undefined
  banner?: string | undefined
}

export const RotateDialog = (props: RotateDialogProps) => {
  const { org, project, idempotencyKey, retires, overlap = '86400', error, banner } = props
  const back = urls.projectKeys(org, project)
  const first = retires.length === 0
  return (
    <Dialog
      id="rotate"
      title={first ? 'Create secret key' : 'Rotate secret key'}
      text={
        first
          ? 'A new key is made and shown once.'
          : 'A new key is made and shown once. You choose how long the old one goes on working beside it.'
      }
      back={back}
    >
      <DialogForm
        id="rotate-form"
        action={urls.rotateKey(org, project)}
        hidden={{ idempotency_key: idempotencyKey, overlap_seconds: first ? '0' : undefined }}
        submit={first ? 'Create key' : 'Rotate key'}
        back={back}
      >
        {banner && <Banner text={banner} />}
        {!first && (
          <>
            <RadioGroup
              name="overlap_seconds"
              legend="Retire the old key"
              value={overlap}
              error={error}
              options={overlaps}
              autofocus
            />
            <Small quiet>
              Retires{' '}
              {retires.map((prefix, index) => (
                <>
                  {index > 0 && ', '}
                  <Mono key={prefix}>{`${prefix}…`}</Mono>
                </>
              ))}
            </Small>
          </>
        )}
      </DialogForm>
    </Dialog>
  )
}
