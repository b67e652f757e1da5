import type { ComponentChildren } from 'preact'
import { visible } from '../format.ts'
import { CopyButton } from './copy.tsx'

/** One value to copy, such as a publishable key, always shown whole. */
export const CopyableValue = ({ value, label }: { value: string; label: string }) => (
  <div class="value">
    <code class="notranslate">{visible(value)}</code>
    <CopyButton value={value} label={`Copy ${label}`} />
  </div>
)

/** Lets long addresses break after a slash rather than anywhere. */
const breakable = (text: string) =>
  visible(text)
    .split(/(?<=[^/]\/)(?=[^/])/)
    .flatMap((part, index) => (index === 0 ? [part] : [<wbr key={index} />, part]))

/** A shell command over several lines. All but the first are indented, for the eye only. */
export const ShellSnippet = ({ label, lines }: { label: string; lines: readonly string[] }) => (
  <div class="snippet">
    <header>
      <span class="mono">{label}</span>
      <CopyButton value={lines.join('\n')} label={`Copy the request ${label}`} />
    </header>
    <pre>
      <code class="notranslate">
        {lines.map((line, index) => (
          <span key={line} class={index > 0 ? 'continued' : undefined}>
            {breakable(line)}
          </span>
        ))}
      </code>
    </pre>
  </div>
)

export const Steps = ({ children }: { children: ComponentChildren }) => <ol class="steps">{children}</ol>

type StepProps = { title: string; text: ComponentChildren; children: ComponentChildren }

export const Step = ({ title, text, children }: StepProps) => (
  <li>
    <div>
      <h3>{title}</h3>
      <p>{text}</p>
    </div>
    {children}
  </li>
)
