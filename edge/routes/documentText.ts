type Schema = {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly example?: unknown
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly minimum?: number
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly anyOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
}
type Content = Record<string, { schema: Schema; example?: unknown }>
type Document = {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, { requestBody?: { content: Content } }>>>>
  readonly components?: { readonly schemas?: Readonly<Record<string, unknown>> }
}

/** A pattern with flags is written as JavaScript has it; in a document it is the pattern alone, read as with the flag u. */
export function writePatternsPlainly(document: object): void {
  for (const [name, value] of Object.entries(document)) {
    if (name === 'pattern' && typeof value === 'string') Object.assign(document, { pattern: value.replace(/\/u$/, '') })
    else if (value !== null && typeof value === 'object') writePatternsPlainly(value)
  }
}

/**
 * Puts a whole example into each request of the document, made of what its members show: those that it needs, and those
 * that have an example of their own. A test sends them all, with ids that exist.
 */
export function addRequestExamples(document: object): void {
  const { paths = {}, components } = document as Document
  const schemas = (components?.schemas ?? {}) as Readonly<Record<string, Schema>>
  for (const methods of Object.values(paths)) {
    for (const { requestBody } of Object.values(methods)) {
      const json = requestBody?.content['application/json']
      if (json !== undefined) json.example ??= exampleOf(json.schema, schemas)
    }
  }
}

function exampleOf(schema: Schema, schemas: Readonly<Record<string, Schema>>): unknown {
  if (schema.$ref !== undefined)
    return exampleOf(schemas[schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)]!, schemas)
  const shown = schema.example ?? schema.enum?.[0] ?? schema.const ?? schema.default
  if (shown !== undefined) return shown
  const one = schema.anyOf?.[0] ?? schema.allOf?.[0]
  if (one !== undefined) return exampleOf(one, schemas)
  const [type] = [schema.type ?? []].flat()
  switch (type) {
    case 'object':
      return membersOf(schema, schemas)
    case 'array':
      return [exampleOf(schema.items ?? {}, schemas)]
    case 'integer':
    case 'number':
      return schema.minimum ?? 1
    case 'boolean':
      return true
    default:
      return ''
  }
}

function membersOf({ properties = {}, required = [] }: Schema, schemas: Readonly<Record<string, Schema>>): object {
  const shown = Object.entries(properties).filter(([name, of]) => required.includes(name) || of.example !== undefined)
  return Object.fromEntries(shown.map(([name, of]) => [name, exampleOf(of, schemas)]))
}
