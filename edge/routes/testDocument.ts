/** A schema of the OpenAPI document, as far as this API uses JSON Schema. */
export type Schema = {
  $ref?: string
  type?: string | string[]
  description?: string
  enum?: unknown[]
  const?: unknown
  pattern?: string
  format?: string
  example?: unknown
  default?: unknown
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
}
export type Content = Record<string, { schema: Schema; example?: unknown }>
export type Parameter = { name: string; in: string; required?: boolean; schema: Schema }
export type Described = {
  readonly path: string
  readonly method: string
  readonly operationId: string
  readonly security: object[]
  readonly parameters: readonly Parameter[]
  readonly requestBody?: { content: Content }
  readonly responses: Record<string, { content?: Content }>
}

/** The OpenAPI document as a test reads it. */
export class TestDocument {
  readonly operations: readonly Described[]
  readonly #schemas: Readonly<Record<string, Schema>>

  constructor(served: object) {
    const { paths, components } = served as {
      paths: Record<string, Record<string, Described>>
      components: { schemas: Record<string, Schema> }
    }
    this.operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, about]) => ({
        ...about,
        path,
        method,
        parameters: about.parameters ?? [],
      })),
    )
    this.#schemas = components.schemas
  }

  resolve(schema: Schema): Schema {
    if (schema.$ref === undefined) return schema
    const name = schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)
    const found = this.#schemas[name]
    if (found === undefined) throw new Error(`the document refers to ${name}, which it does not have`)
    return found
  }

  /** The body that an operation takes as JSON. */
  bodyOf({ requestBody }: Described): Schema | undefined {
    const schema = requestBody?.content['application/json']?.schema
    return schema === undefined ? undefined : this.resolve(schema)
  }

  /** What an answer of this status should look like; undefined when the document knows no such answer. */
  answerOf({ responses }: Described, status: number): Schema | undefined {
    const content = responses[status]?.content ?? (status >= 400 ? responses.default?.content : undefined)
    return content?.[status >= 400 ? 'application/problem+json' : 'application/json']?.schema
  }

  /** What of `value` is not as the schema says, each with its place; members that the schema does not name count too. */
  differences(schema: Schema, value: unknown, at = '$', open = false): string[] {
    if (schema.$ref !== undefined) return this.differences(this.resolve(schema), value, at, open)
    if (schema.allOf !== undefined) return schema.allOf.flatMap((one) => this.differences(one, value, at, true))
    const either = schema.anyOf ?? schema.oneOf
    if (either !== undefined) {
      const fits = either.some((one) => this.differences(one, value, at).length === 0)
      return fits ? [] : [`${at} is none of what it may be`]
    }
    if (schema.enum !== undefined && !schema.enum.includes(value)) return [`${at} is ${JSON.stringify(value)}`]
    if (schema.const !== undefined && schema.const !== value) return [`${at} is ${JSON.stringify(value)}`]
    const types = [schema.type ?? []].flat()
    if (types.length > 0 && !types.some((type) => isOf(type, value))) return [`${at} is no ${types.join(' or ')}`]
    if (typeof value === 'string') return this.#ofText(schema, value, at)
    if (typeof value === 'number') return this.#ofNumber(schema, value, at)
    if (Array.isArray(value)) {
      return value.flatMap((item, n) => this.differences(schema.items ?? {}, item, `${at}[${n}]`))
    }
    return value !== null && typeof value === 'object' ? this.#ofMembers(schema, value, at, open) : []
  }

  #ofText({ pattern, minLength = 0, maxLength = Infinity }: Schema, value: string, at: string): string[] {
    const length = value.length < minLength || value.length > maxLength ? [`${at} is too short or too long`] : []
    const form = pattern !== undefined && !new RegExp(pattern, 'u').test(value) ? [`${at} is not like ${pattern}`] : []
    return [...length, ...form]
  }

  #ofNumber({ minimum = -Infinity, maximum = Infinity }: Schema, value: number, at: string): string[] {
    return value < minimum || value > maximum ? [`${at} is out of its range`] : []
  }

  #ofMembers({ properties = {}, required = [] }: Schema, value: object, at: string, open: boolean): string[] {
    const missing = required.filter((name) => !Object.hasOwn(value, name)).map((name) => `${at}.${name} is missing`)
    const known = Object.keys(properties).length > 0 && !open
    const others = Object.entries(value).flatMap(([name, member]) => {
      if (Object.hasOwn(properties, name)) return this.differences(properties[name]!, member, `${at}.${name}`)
      return known ? [`${at}.${name} is not in the document`] : []
    })
    return [...missing, ...others]
  }
}

function isOf(type: string, value: unknown): boolean {
  switch (type) {
    case 'integer':
      return Number.isSafeInteger(value)
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'object':
      return value !== null && typeof value === 'object' && !Array.isArray(value)
    case 'string':
      return typeof value === 'string'
    case 'number':
      return typeof value === 'number'
    case 'boolean':
      return typeof value === 'boolean'
    default:
      throw new Error(`the document knows a type ${type}`)
  }
}
