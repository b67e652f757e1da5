import type { Moment } from '../format.ts'
import { Dialog, DialogBody, DialogDone } from '../ui/dialog.tsx'
import { SecretReveal } from '../ui/secret.tsx'
import { Mono, Small, Time } from '../ui/text.tsx'
import { urls } from '../urls.ts'

export type SecretDialogProps = {
  org: string
  project: string
  secret: string
  made: 'with_project' | 'by_rotation'
  /** Keys that go on working for a while, and until when. */
  retires?: readonly { prefix: string; expiresAt: Moment }[] | undefined
}

export const SecretDialog = ({ org, project, secret, made, retires = [] }: SecretDialogProps) => {
  const back = urls.projectKeys(org, project)
  return (
    <Dialog
      id="secret"
      title="Save the secret key"
      text={
        made === 'with_project'
          ? 'The project exists. Your server proves itself with this key.'
          : 'The new key works now. Put it where the old one is.'
      }
      back={back}
      sticky
    >
      <DialogBody>
        <SecretReveal secret={secret} variable="SEQN_AUTH_SECRET_KEY">
          This key is shown only once. If it is lost, rotate it to get a new one.
        </SecretReveal>
        {retires.map(({ prefix, expiresAt }) => (
          <Small key={prefix} quiet>
            <Mono>{`${prefix}…`}</Mono> goes on working and expires <Time at={expiresAt} />.
          </Small>
        ))}
      </DialogBody>
      <DialogDone back={back}>I saved the secret</DialogDone>
    </Dialog>
  )
}
