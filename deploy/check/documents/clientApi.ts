/** A schema of the document, as far as this API uses JSON Schema. */
type Schema = {
  $ref?: string
  type?: string | string[]
  description?: string
  enum?: unknown[]
  const?: unknown
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
}
type Content = Record<string, { schema: Schema }>
type Parameter = { name: string; in: string; required?: boolean; schema: Schema }
type Operation = {
  operationId: string
  security: object[]
  parameters?: Parameter[]
  requestBody?: { content: Content }
  responses: Record<string, { content?: Content }>
}
type Document = {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}

const json = 'application/json'

/** `edge/client/api.ts`: what the API takes and answers, as types of the client, and what it must know of each operation. */
export function clientApi(served: object): string {
  const document = served as Document
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      // A page is for a browser's address bar.
      .filter(([, operation]) => answerOf(operation) !== undefined)
      .map(([method, operation]) => ({ path, method, operation })),
  )
  const schemas = Object.entries(document.components.schemas).map(
    ([name, schema]) =>
      `${comment(schema.description, '')}export type ${name} = ${typeOf(schema, '', name.endsWith('Request'))}`,
  )
  const asked = operations.map(({ operation }) => `  ${operation.operationId}: ${askedOf(operation, document)}`)
  const known = operations.map(
    ({ path, method, operation }) => `  ${operation.operationId}: ${knownOf(path, method, operation, document)},`,
  )
  return `/** Made from the OpenAPI document by \`npm run generate\`: change the routes, not this file. */

${schemas.join('\n\n')}

/** What each operation takes and answers; of those that answer in pages also what stands on one. */
export type Api = {
${asked.join('\n')}
}

type Known = {
  readonly method: string
  readonly path: string
  readonly signed: boolean
  /** Where its id goes, when it has none of its own among its members. */
  readonly id: 'request_id' | 'header' | 'none'
  /** Of its body. */
  readonly type: string
  /** The member that holds what stands on a page. */
  readonly items?: string
}

export const operations: Readonly<Record<keyof Api, Known>> = {
${known.join('\n')}
}
`
}

/** The JSON that is answered when all is well. */
function answerOf({ responses }: Operation): Schema | undefined {
  const status = Object.keys(responses).find((each) => each.startsWith('2'))
  return status === undefined ? undefined : responses[status]!.content?.[json]?.schema
}

function askedOf(operation: Operation, document: Document): string {
  const { parameters = [], requestBody } = operation
  const lines: string[] = []
  for (const place of ['path', 'query'] as const) {
    const named = parameters.filter((one) => one.in === place)
    if (named.length === 0) continue
    const members = named.map((one) => `${member(one.name, one.required === true)}: ${typeOf(one.schema, '')}`)
    const needed = named.some((one) => one.required === true)
    lines.push(`    ${member(place, needed)}: { ${members.join('; ')} }`)
  }
  if (requestBody !== undefined) {
    const schema = requestBody.content[json]?.schema
    lines.push(`    body: ${schema === undefined ? 'string' : typeOf(schema, '    ')}`)
  }
  const answer = answerOf(operation)!
  lines.push(`    answer: ${typeOf(answer, '    ')}`)
  const page = pageOf(answer, document)
  if (page !== undefined) lines.push(`    item: ${typeOf(page.item, '    ')}`)
  return `{\n${lines.join('\n')}\n  }`
}

function knownOf(path: string, method: string, operation: Operation, document: Document): string {
  const { requestBody, security, parameters = [] } = operation
  const content = requestBody?.content ?? {}
  const schema = content[json]?.schema
  const body = schema === undefined ? undefined : resolved(schema, document)
  const takesHeader = parameters.some((one) => one.in === 'header' && one.name === 'idempotency-key')
  const id = body?.properties?.request_id ? 'request_id' : takesHeader && !requestBody ? 'header' : 'none'
  const type = schema === undefined && requestBody ? Object.keys(content).find((one) => one.includes('json')) : json
  const page = pageOf(answerOf(operation)!, document)
  const parts = [`method: '${method.toUpperCase()}'`, `path: '${path}'`, `signed: ${security.length > 0}`]
  parts.push(`id: '${id}'`, `type: '${type}'`)
  if (page !== undefined) parts.push(`items: '${page.name}'`)
  return `{ ${parts.join(', ')} }`
}

/** An answer with a cursor has one list of what is listed; positions beside it say how far the journal had come. */
function pageOf(answer: Schema, document: Document): { name: string; item: Schema } | undefined {
  const { properties = {} } = resolved(answer, document)
  if (properties.next_cursor === undefined) return undefined
  const lists = Object.entries(properties).filter(([name, { type }]) => type === 'array' && name !== 'followed')
  if (lists.length !== 1) throw new Error('a page must have one list')
  const [name, { items }] = lists[0]!
  return { name, item: items! }
}

function resolved(schema: Schema, { components }: Document): Schema {
  return schema.$ref === undefined ? schema : components.schemas[nameOf(schema.$ref)]!
}

const nameOf = (ref: string): string => ref.slice(ref.lastIndexOf('/') + 1)

/**
 * A schema as TypeScript.
 * @param asked whether it is of a request: where a text and a number may stand, it is an amount, and the client writes
 * texts, since a number is no money
 */
function typeOf(schema: Schema, indent: string, asked = false): string {
  if (schema.$ref !== undefined) return nameOf(schema.$ref)
  if (schema.enum !== undefined)
    return oneOf(
      schema.enum.map((value) => literal(value)),
      indent,
    )
  if (schema.const !== undefined) return literal(schema.const)
  if (schema.allOf !== undefined) {
    return schema.allOf
      .filter((one) => one.$ref !== undefined || one.type !== undefined)
      .map((one) => typeOf(one, indent, asked))
      .join(' & ')
  }
  const either = schema.anyOf ?? schema.oneOf
  if (either !== undefined)
    return union(
      either.map((one) => typeOf(one, indent, asked)),
      asked,
    )
  return union(
    [schema.type ?? 'unknown'].flat().map((type) => plainType(type, schema, indent, asked)),
    asked,
  )
}

/** A long list has a line for each, so that one more is one line of difference. */
function oneOf(values: readonly string[], indent: string): string {
  return values.length > 8 ? values.map((value) => `\n${indent}  | ${value}`).join('') : values.join(' | ')
}

function union(types: readonly string[], asked: boolean): string {
  const distinct = new Set(types)
  if (asked && distinct.has('string')) distinct.delete('number')
  return [...distinct].join(' | ')
}

function plainType(type: string, schema: Schema, indent: string, asked: boolean): string {
  switch (type) {
    case 'integer':
      return 'number'
    case 'array':
      return `Array<${typeOf(schema.items ?? {}, indent, asked)}>`
    case 'object':
      return objectType(schema, indent, asked)
    default:
      return type
  }
}

function objectType(schema: Schema, indent: string, asked: boolean): string {
  const { properties, required = [], additionalProperties } = schema
  if (properties === undefined || Object.keys(properties).length === 0) {
    return additionalProperties === false ? 'Record<never, never>' : 'Record<string, unknown>'
  }
  const inner = `${indent}  `
  const lines = Object.entries(properties).map(([name, of]) => {
    const text = of.description ?? of.allOf?.find((one) => one.description !== undefined)?.description
    return `${comment(text, inner)}${inner}${member(name, required.includes(name))}: ${typeOf(of, inner, asked)}`
  })
  return `{\n${lines.join('\n')}\n${indent}}`
}

function member(name: string, required: boolean): string {
  const written = /^[A-Za-z_]\w*$/.test(name) ? name : `'${name}'`
  return required ? written : `${written}?`
}

function comment(text: string | undefined, indent: string): string {
  return text === undefined ? '' : `${indent}/** ${text.replaceAll('*/', '*\\/')} */\n`
}

const literal = (value: unknown): string =>
  typeof value === 'string' ? `'${value.replaceAll("'", "\\'")}'` : JSON.stringify(value)
