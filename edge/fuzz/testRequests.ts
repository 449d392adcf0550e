import fc from 'fast-check'
import type { Described, Schema, TestDocument } from '../routes/testDocument.ts'
import { samples } from '../routes/testOperations.ts'
import { hostileHeaders, hostileText, hostileValue, type Texts } from './testHostile.ts'
import type { Known, Town } from './testTown.ts'

/** Stands for an id that is made when the request is sent, and for what has to be reckoned then. */
export const placeholders = { id: '<fresh id>', soon: '<soon>', now: '<now>', signature: '<signature>' } as const

/** A request before it is signed: what is asked, by whom, and how it is spoilt. */
export type Wild = {
  /** Of the operation that it is about. */
  readonly name: string
  readonly method: string
  readonly path: string
  readonly query: string
  readonly body: Texts
  readonly type: string | undefined
  readonly headers: readonly string[]
  /** Name of who signs; `nobody` does not. */
  readonly signer: string
  readonly spoilt: 'no' | 'signature' | 'stale' | 'body' | 'path' | 'input'
  /** Signature-Input in place of a good one, when the input is spoilt. */
  readonly input: string
}

/** Every request that somebody could send to this API, good ones and those that are meant ill. */
export function wildRequests(document: TestDocument, town: Town): fc.Arbitrary<Wild> {
  return fc.oneof(...document.operations.map((operation) => ofOperation(document, operation, town)))
}

function ofOperation(document: TestDocument, operation: Described, town: Town): fc.Arbitrary<Wild> {
  const owner = ownerFor(operation)
  const signers = Object.keys(town.signers)
  const known = ending.test(operation.operationId) ? onlyOf(town, 'eve') : town.known
  const schema = document.bodyOf(operation)
  const good = schema === undefined ? fc.constant(undefined) : memberOf(document, schema, known, '')
  const types = Object.keys(operation.requestBody?.content ?? { 'application/json': {} })
  return fc.record({
    name: fc.constant(operation.operationId),
    method: mostly(operation.method.toUpperCase(), fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS')),
    path: pathOf(operation, known, town.wallets[owner].walletId),
    query: queryOf(operation, known),
    body: bodyOf(good, schema),
    type: fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom(...types) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(undefined, 'text/plain', 'application/json; charset=utf-16', '', ';', '__proto__'),
      },
    ),
    headers: hostileHeaders,
    signer: mostly(usualSigner(operation, owner), fc.constantFrom('nobody', ...signers), 3),
    spoilt: mostly<Wild['spoilt']>('no', fc.constantFrom('signature', 'stale', 'body', 'path', 'input', 'input')),
    input: signatureInputs,
  })
}

function mostly<T>(usual: T, other: fc.Arbitrary<T>, weight = 19): fc.Arbitrary<T> {
  return fc.oneof({ weight, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other })
}

/** After these somebody can do nothing more: they happen to one alone, so that the others go on. */
const ending = /WalletKey$|^closeWallet$|^freezeWallet$|^updateUser$/

type Owner = keyof Town['wallets']

function ownerFor({ path, operationId }: Described): Owner {
  if (ending.test(operationId)) return 'eve'
  return path.startsWith('/v1/merchants/') ? 'shop' : 'ann'
}

function onlyOf({ wallets, known }: Town, owner: Owner): Known {
  const { walletId, userId } = wallets[owner]
  return { ...known, wallet_id: [walletId, 'W999999999'], user_id: [userId, 'U999999999'] }
}

/** Who may ask for it. */
function usualSigner({ operationId }: Described, owner: Owner): string {
  const by = samples[operationId]?.by ?? 'institution'
  return by === 'own' ? owner : by
}

/** A body as it should be, with one member that is not, or that is none at all. */
function bodyOf(good: fc.Arbitrary<unknown>, schema: Schema | undefined): fc.Arbitrary<Texts> {
  const written = good.map((value): Texts => ({ text: value === undefined ? '' : JSON.stringify(value) }))
  const members = Object.keys(schema?.properties ?? {})
  if (members.length === 0)
    return fc.oneof({ weight: 4, arbitrary: written }, { weight: 1, arbitrary: hostileText(written) })
  const oneWrong = fc
    .tuple(good, fc.constantFrom(...members, '__proto__', 'memo'), hostileValue)
    .map(([value, name, wrong]): Texts => {
      const rest = Object.entries(value as object).filter(([key]) => key !== name)
      const texts = rest.map(([key, member]) => `${JSON.stringify(key)}:${JSON.stringify(member)}`)
      return { text: `{${[...texts, `${JSON.stringify(name)}:${wrong}`].join(',')}}` }
    })
  return fc.oneof(
    { weight: 4, arbitrary: written },
    { weight: 4, arbitrary: oneWrong },
    { weight: 2, arbitrary: hostileText(written) },
  )
}

const segment = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }).map((text) => encodeURIComponent(text.toWellFormed())),
  fc.constantFrom(
    '',
    '%',
    '%zz',
    '%00',
    '%ff',
    '..',
    '%2e%2e%2f',
    '__proto__',
    '9'.repeat(400),
    '%F0%9F%92%B0',
    'W1%2Ffreeze',
  ),
)

function pathOf({ path, parameters }: Described, known: Known, ownId: string): fc.Arbitrary<string> {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)
  const parts = names.map((name) => {
    const schema = parameters.find((one) => one.in === 'path' && one.name === name)?.schema ?? {}
    const good = scalarOf(schema, known, name).map(String)
    const usual = name === 'wallet_id' ? fc.constant(ownId) : good
    return fc.oneof({ weight: 14, arbitrary: usual }, { weight: 3, arbitrary: good }, { weight: 1, arbitrary: segment })
  })
  return fc.tuple(...parts).map((values) => {
    let n = 0
    // What is beyond ASCII travels encoded; the rest is as hostile as it was made.
    return path.replaceAll(/\{\w+\}/g, () => String(values[n++]).replaceAll(/[^!-~]/gu, encodeURIComponent))
  })
}

function queryOf({ parameters }: Described, known: Known): fc.Arbitrary<string> {
  const named = parameters.filter((one) => one.in === 'query')
  const good = named.map(({ name, schema }) =>
    fc.option(scalarOf(schema, known, name).map((value) => `${name}=${encodeURIComponent(String(value))}`)),
  )
  const wild = fc.constantFrom(
    'limit=0',
    'limit=1e9',
    'cursor=%00',
    'cursor=AAAA',
    'fresh',
    'fresh=maybe',
    'x=1',
    '%',
    '__proto__=1',
    'limit=1&limit=2',
    'wallet_id=',
  )
  const pairs = fc.tuple(fc.tuple(...good), mostly(null, wild, 9))
  return pairs.map(([given, extra]) => [...given, extra].filter((one) => one !== null).join('&'))
}

/** A value that the schema allows, one that exists here where something of that name does. */
function memberOf(document: TestDocument, schema: Schema, known: Known, name: string): fc.Arbitrary<unknown> {
  const of = document.resolve(schema)
  const properties = Object.entries(of.properties ?? {})
  if (properties.length === 0) return scalarOf(of, known, name)
  const required = new Set(of.required ?? [])
  const members = properties.map(([key, member]) => {
    const value = memberOf(document, member, known, key)
    return required.has(key) ? value : fc.option(value, { nil: undefined })
  })
  return fc.tuple(...members).map((values) => Object.fromEntries(properties.map(([key], n) => [key, values[n]])))
}

function scalarOf(schema: Schema, known: Known, name: string): fc.Arbitrary<unknown> {
  const there = known[name]
  if (there !== undefined) {
    const values = fc.constantFrom<string | number>(...(schema.type === 'integer' ? there.map(Number) : there))
    return name === 'order_no' ? fc.oneof(values, fc.stringMatching(/^[0-9A-Za-z_.-]{1,32}$/)) : values
  }
  if (/(^|_)(id|tx_id)$|^(hold|capture|refund|payment|request|batch)_id$/.test(name)) {
    return fc.oneof(
      { weight: 6, arbitrary: fc.constant(placeholders.id) },
      { weight: 1, arbitrary: fc.constantFrom('P20261126001', 'P19990101001', '019aa3b4-5c00-7000-8000-000000000001') },
    )
  }
  if (name === 'signature')
    return mostly<string>(placeholders.signature, fc.constantFrom('3045022100', 'aa'.repeat(70)), 9)
  if (name === 'timestamp' || name === 'requested_at') return fc.constant(placeholders.now)
  if (name.endsWith('_at'))
    return fc.constantFrom(placeholders.soon, placeholders.soon, placeholders.now, '9999-12-31T23:59:59Z')
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  const types = [schema.type ?? []].flat()
  if (types.includes('integer')) return fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? 1_000 })
  if (types.includes('boolean')) return fc.boolean()
  if (types.includes('number') || schema.anyOf !== undefined)
    return fc.constantFrom('1.00', '0.01', 1, 0.5, '500', '99999999999.99', 'none')
  if (schema.example !== undefined) return fc.constant(schema.example)
  return fc.string({ maxLength: schema.maxLength ?? 30 })
}

const component = fc.constantFrom(
  '"@method"',
  '"@path"',
  '"@query"',
  '"@status"',
  '"@query-param";name="%zz"',
  '"@query-param";name="limit"',
  '"@query-param"',
  '"@authority"',
  '"@request-target"',
  '"@target-uri"',
  '"@scheme"',
  '"@nothing"',
  '"constructor"',
  '"__proto__"',
  '"toString"',
  '"content-digest"',
  '"content-digest";key="sha-256"',
  '"content-type";key="x"',
  '"content-type";sf',
  '"accept";sf;bs',
  '"x-none"',
  '1',
  ':AA==:',
  '?1',
  'token',
  '"@method";req',
)

/** What a signature claims to cover, from almost right to nonsense. */
const signatureInputs = fc
  .record({
    label: fc.constantFrom('sig1=', 'sig1=', 'sig2=', '', '__proto__='),
    covered: fc.array(component, { maxLength: 6 }),
    parameters: fc.constantFrom(
      ';created=<now>;keyid="W1048576"',
      ';created=<now>;keyid="institution:1";alg="ed25519"',
      ';created=<now>;keyid="operator:1"',
      ';keyid="W1"',
      ';created="x";keyid="institution:1"',
      ';created=999999999999999;keyid="institution:1"',
      ';created=@<now>;keyid="operator:1"',
      ';created=<now>;keyid="__proto__"',
      ';created=<now>;keyid=W1',
      ';created=-1;expires=0',
      '',
    ),
    broken: mostly<string | null>(null, fc.constantFrom('(', ')', '"', ';', '=', '\\', ',', 'sig1', '()'), 4),
  })
  .map(({ label, covered, parameters, broken }) => `${label}(${covered.join(' ')})${parameters}${broken ?? ''}`)
