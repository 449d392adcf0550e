import { createApp } from '../../../edge/routes/app.ts'
import type { Web } from '../../../edge/routes/web.ts'

type Operation = { summary?: string; description?: string; responses: Record<string, { description?: string }> }
type Document = { info: { version: string; description: string }; paths: Record<string, Record<string, Operation>> }

/** The document that a running edge serves at `/openapi.json`; describing the API needs none of what serving it does. */
export async function openApiDocument(): Promise<object> {
  const app = createApp({} as Web, { ready: () => ({ ready: false, detail: {} }) })
  const response = await app.request('/openapi.json')
  return (await response.json()) as object
}

/** `docs/reference/api.md`: every operation on one page. */
export function apiPage(document: object): string {
  const { info, paths } = document as Document
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { summary, description, responses }]) => {
      const answers = Object.keys(responses).filter((status) => status !== 'default')
      return `| \`${method.toUpperCase()} ${path}\` | ${summary ?? description ?? ''} | ${answers.join(', ')} |`
    }),
  )
  return `# API ${info.version}

${info.description}

The whole of it, with every field, is \`openapi.json\` beside this page; a running edge serves it at \`/openapi.json\`
and to people at \`/docs\`. How requests are signed: [signing](signing.md). What may be refused: [refusals](refusals.md).

| operation | what it does | answers |
|---|---|---|
${operations.join('\n')}
`
}
