import { parseArgs } from 'node:util'

/** What a person typed is wrong: one line, no stack. */
export class UsageError extends Error {}

/** One option of a bench: how its value is written, what it means, and what it is when it is not given. */
export type Option<T> = {
  /** Of its value in the usage, such as `N`; a switch takes none. */
  readonly value?: string
  readonly what: string
  readonly fallback: T
  /** The fallback in a quick look. */
  readonly quick?: T
  /** @returns undefined when that is no such value */
  read(text: string): T | undefined
  /** What a value has to be, for who typed another. */
  readonly takes: string
}

type Options = Readonly<Record<string, Option<unknown>>>
export type Settings<O extends Options> = { [K in keyof O]: O[K] extends Option<infer T> ? T : never }

/** What every bench takes. */
const common = { json: { type: 'string' }, help: { type: 'boolean' } } as const

export function whole(
  what: string,
  fallback: number,
  { min = 1, max = Number.MAX_SAFE_INTEGER, quick }: { min?: number; max?: number; quick?: number } = {},
): Option<number> {
  const upTo = max === Number.MAX_SAFE_INTEGER ? ' or more' : ` to ${max}`
  return {
    value: 'N',
    what,
    fallback,
    ...(quick === undefined ? {} : { quick }),
    read: (text) => (/^\d+$/.test(text) && Number(text) >= min && Number(text) <= max ? Number(text) : undefined),
    takes: `a whole number, ${min}${upTo}`,
  }
}

export function oneOf<T extends string>(what: string, values: readonly [T, ...T[]]): Option<T> {
  const read = (text: string): T | undefined => values.find((value) => value === text)
  return { value: values.join('|'), what, fallback: values[0], read, takes: values.join(' or ') }
}

export function numbers(what: string, fallback: readonly number[]): Option<readonly number[]> {
  const read = (text: string): number[] | undefined => {
    const list = text.split(',')
    return list.every((one) => /^[1-9]\d*$/.test(one)) ? list.map(Number) : undefined
  }
  return { value: 'LIST', what, fallback, read, takes: 'whole numbers above 0, such as 1,64' }
}

export function folder(what: string): Option<string> {
  return { value: 'DIR', what, fallback: '', read: (text) => text || undefined, takes: 'a folder' }
}

export function flag(what: string): Option<boolean> {
  return { what, fallback: false, read: () => true, takes: 'nothing' }
}

/** As a person types it: `failPercent` is `--fail-percent`. */
const typed = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

/**
 * What was typed after a bench's name, with everything that was not typed at its fallback.
 * @returns undefined when help was asked for
 * @throws UsageError that names what is wrong, also an option that this bench does not take
 */
export function parseBenchOptions<O extends Options>(
  bench: string,
  options: O,
  args: readonly string[],
): { settings: Settings<O>; json: string | undefined } | undefined {
  const types = Object.entries(options).map(([name, { value }]) => {
    return [typed(name).slice(2), { type: value === undefined ? 'boolean' : 'string' }] as const
  })
  const given = valuesIn(bench, { ...Object.fromEntries(types), ...common }, args)
  if (given.help) return undefined
  const quick = given.quick === true
  const settings = Object.entries(options).map(([name, option]) => {
    const text = given[typed(name).slice(2)]
    const fallback = quick ? (option.quick ?? option.fallback) : option.fallback
    const value = text === undefined ? fallback : option.read(String(text))
    if (value === undefined) throw new UsageError(`${typed(name)} takes ${option.takes}, not "${text}"`)
    return [name, value] as const
  })
  return { settings: Object.fromEntries(settings) as Settings<O>, json: given.json as string | undefined }
}

type Types = Readonly<Record<string, { type: 'string' | 'boolean' }>>

function valuesIn(bench: string, types: Types, args: readonly string[]): Record<string, string | boolean | undefined> {
  try {
    return parseArgs({ args: [...args], options: types, allowPositionals: false }).values as never
  } catch (error) {
    const [first] = (error as Error).message.split(/\. |\n/)
    const all = Object.keys(types).map((name) => `--${name}`)
    throw new UsageError(`${first}: ${bench} takes ${all.join(', ')}`)
  }
}

/** A line for each option, as the usage shows them. */
export function optionLines(options: Options): string[] {
  return Object.entries(options).map(([name, { value, what, fallback, quick }]) => {
    const text = value === undefined ? '' : ` ${value}`
    const otherwise = quick === undefined ? fallback : `${fallback}, quick ${quick}`
    const default_ = value === undefined || fallback === '' ? '' : ` (default ${otherwise})`
    return `${`${typed(name)}${text}`.padEnd(20)} ${what}${default_}`
  })
}
