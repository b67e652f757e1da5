import { Card } from '../ui/card.tsx'
import { ShellSnippet, Step, Steps } from '../ui/code.tsx'
import { Mono } from '../ui/text.tsx'

type Props = { baseUrl: string; publishableKey: string }

const Request = ({ base, path, header }: { base: string; path: string; header: string }) => (
  <ShellSnippet
    label={`GET ${path}`}
    lines={['curl --fail-with-body \\', `--header ${header} \\`, `'${base}${path}'`]}
  />
)

/** Calls that show, one after the other, that both keys work, and where to read on. They run as they stand. */
export const QuickStart = ({ baseUrl, publishableKey }: Props) => {
  const publishable = `'X-SEQN-Publishable-Key: ${publishableKey}'`
  return (
    <Card id="quick-start" title="Quick start" text="Three requests to run in a shell, as they are.">
      <Steps>
        <Step
          title="Read the client configuration"
          text="What an app in a browser may know. Needs no secret."
        >
          <Request base={baseUrl} path="/v1/client/config" header={publishable} />
        </Step>
        <Step
          title="Check the secret key"
          text={
            <>
              Put it into <Mono>SEQN_AUTH_SECRET_KEY</Mono> first, so that it stays out of your shell's
              history.
            </>
          }
        >
          <Request
            base={baseUrl}
            path="/v1/backend/application"
            header={'"Authorization: Bearer $SEQN_AUTH_SECRET_KEY"'}
          />
        </Step>
        <Step title="See every route" text="The OpenAPI document, for you, your tools and coding agents.">
          <ShellSnippet
            label="GET /openapi.json"
            lines={[`curl --fail-with-body '${baseUrl}/openapi.json'`]}
          />
        </Step>
      </Steps>
    </Card>
  )
}
