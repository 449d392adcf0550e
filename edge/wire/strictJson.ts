export const bodyBytesMax = 64 * 1024
export const depthMax = 32

export type JsonProblem = 'malformed-json' | 'duplicate-member' | 'too-deep' | 'number-form' | 'body-too-large'

/** The body is not the JSON that this API takes; `path` says where: payment.amount, items[2]. */
export class JsonError extends Error {
  readonly problem: JsonProblem
  readonly path: string

  constructor(problem: JsonProblem, path: string, message: string) {
    super(message)
    this.name = 'JsonError'
    this.problem = problem
    this.path = path
  }
}

export type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue }

/**
 * A number as this API writes numbers: no exponent, at most two decimals. Judged on the source text, since a float has
 * forgotten whether it was 1e2, 100.000 or 100.
 */
const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const plainNumberPattern = /^-?(?:0|[1-9]\d*)(?:\.\d{1,2})?$/
/** Above it two numbers in a row lie further apart than a fen. */
const decimalMax = 2 ** 46
const plainTextPattern = /[ !#-[\]-\uffff]*/y
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const byteOrderMark = '\ufeff'

/**
 * Reads a request body, strictly: valid UTF-8, no member twice, nothing nested deeper than `depthMax`, every number in
 * a form whose value is exact. Objects have no prototype, so that a member named __proto__ is only a name.
 * @throws JsonError that names what is wrong and where.
 */
export function readJson(bytes: Uint8Array): JsonValue {
  if (bytes.length > bodyBytesMax) {
    throw new JsonError('body-too-large', '', `the body has ${bytes.length} bytes, at most ${bodyBytesMax} are taken`)
  }
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    throw new JsonError('malformed-json', '', 'the body is not valid UTF-8')
  }
  if (text.startsWith(byteOrderMark))
    throw new JsonError('malformed-json', '', 'the body begins with a byte order mark')
  return new Reader(text).document()
}

class Reader {
  readonly #text: string
  #at = 0
  readonly #path: (string | number)[] = []

  constructor(text: string) {
    this.#text = text
  }

  document(): JsonValue {
    const value = this.#value()
    this.#space()
    if (this.#at < this.#text.length) throw this.#malformed('there is more after the end of the value')
    return value
  }

  #value(): JsonValue {
    this.#space()
    const first = this.#text[this.#at]
    if (first === '{') return this.#object()
    if (first === '[') return this.#array()
    if (first === '"') return this.#string()
    if (first === 't') return this.#word('true', true)
    if (first === 'f') return this.#word('false', false)
    if (first === 'n') return this.#word('null', null)
    return this.#number()
  }

  #object(): JsonValue {
    this.#enter()
    const members = Object.create(null) as { [name: string]: JsonValue }
    if (this.#next('}')) return this.#leave(members)
    do {
      this.#space()
      if (this.#text[this.#at] !== '"') throw this.#malformed('a member name in quotes is missing')
      const name = this.#string()
      this.#path.push(name)
      if (name in members) throw this.#error('duplicate-member', `the member ${name} stands there twice`)
      if (!this.#next(':')) throw this.#malformed(`a colon is missing after ${name}`)
      members[name] = this.#value()
      this.#path.pop()
    } while (this.#next(','))
    if (!this.#next('}')) throw this.#malformed('a comma or } is missing')
    return this.#leave(members)
  }

  #array(): JsonValue {
    this.#enter()
    const items: JsonValue[] = []
    if (this.#next(']')) return this.#leave(items)
    do {
      this.#path.push(items.length)
      items.push(this.#value())
      this.#path.pop()
    } while (this.#next(','))
    if (!this.#next(']')) throw this.#malformed('a comma or ] is missing')
    return this.#leave(items)
  }

  #depth = 0

  #enter(): void {
    this.#at += 1
    this.#depth += 1
    if (this.#depth > depthMax) throw this.#error('too-deep', `values are nested deeper than ${depthMax}`)
  }

  #leave<T>(value: T): T {
    this.#depth -= 1
    return value
  }

  #string(): string {
    const start = this.#at + 1
    plainTextPattern.lastIndex = start
    plainTextPattern.test(this.#text)
    let end = plainTextPattern.lastIndex
    if (this.#text[end] === '"') {
      this.#at = end + 1
      return this.#text.slice(start, end)
    }
    while (end < this.#text.length && this.#text[end] !== '"') end += this.#text[end] === '\\' ? 2 : 1
    const source = this.#text.slice(this.#at, end + 1)
    let value: string
    try {
      value = JSON.parse(source) as string
    } catch {
      throw this.#malformed('a string does not end, or holds what a string cannot hold')
    }
    if (!value.isWellFormed()) throw this.#malformed('a string holds half of a surrogate pair')
    this.#at = end + 1
    return value
  }

  #number(): number {
    numberPattern.lastIndex = this.#at
    const match = numberPattern.exec(this.#text)
    if (match === null) throw this.#malformed('a value is missing, or is none that JSON knows')
    const [source] = match
    this.#at += source.length
    const value = Number(source)
    const shown = source.slice(0, 40)
    if (!plainNumberPattern.test(source)) {
      throw this.#error('number-form', `${shown} is not a number with at most two decimals and no exponent`)
    }
    if (Math.abs(value) > (source.includes('.') ? decimalMax : Number.MAX_SAFE_INTEGER / 100)) {
      throw this.#error('number-form', `${shown} is too large to be exact as a number; a string may say it`)
    }
    return value
  }

  #word<T extends JsonValue>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#malformed('a value is none that JSON knows')
    this.#at += word.length
    return value
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return
      this.#at += 1
    }
  }

  #next(mark: string): boolean {
    this.#space()
    if (this.#text[this.#at] !== mark) return false
    this.#at += 1
    return true
  }

  #malformed(what: string): JsonError {
    return this.#error('malformed-json', `${what} (at character ${this.#at})`)
  }

  #error(problem: JsonProblem, message: string): JsonError {
    let path = ''
    for (const step of this.#path) path += typeof step === 'number' ? `[${step}]` : path === '' ? step : `.${step}`
    return new JsonError(problem, path, message)
  }
}
