import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { memoryFlags, memoryVariables } from '../supervisor/plan.ts'

type Service = {
  profiles?: string[]
  image: string
  command?: string[]
  environment?: Record<string, string>
  volumes: string[]
  depends_on?: Record<string, { condition: string }>
}

const root = join(import.meta.dirname, '../..')
const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true, maxAliasCount: -1 }) as {
  services: Record<string, Service>
  volumes: Record<string, null>
}
const services = Object.entries(compose.services)
const ours = services.filter(([, { image }]) => image === 'jiaozi')
const inPair = ({ profiles }: Pick<Service, 'profiles'>): boolean => profiles?.includes('two-regions') === true
/** What `prepare` writes for one region, and for two. */
let lone: string
let pair: string

const prepare = (data: string, regions: string): Buffer =>
  execFileSync(process.execPath, [join(import.meta.dirname, 'prepareMain.ts')], {
    env: { ...process.env, JIAOZI_DATA: data, JIAOZI_REGIONS: regions },
  })
const written = (data: string, file: string): string => readFileSync(join(data, file.replace(/^\/data\//, '')), 'utf8')

beforeAll(() => {
  ;[lone, pair] = [1, 2].map(() => mkdtempSync(join(tmpdir(), 'jiaozi-containers-'))) as [string, string]
  prepare(lone, '1')
  prepare(pair, '2')
})

afterAll(() => {
  for (const data of [lone, pair]) rmSync(data, { recursive: true, force: true })
})

describe('a container of the region', () => {
  test.each(ours)('%s runs a program that is there, by settings that prepare writes', (name, service) => {
    const [program] = service.command!
    if (program === '-e') return
    expect(existsSync(join(root, program!))).toBe(true)
    const settings = service.environment?.JIAOZI_SETTINGS
    if (name.endsWith('prepare')) expect(settings).toBeUndefined()
    else expect(JSON.parse(written(inPair(service) ? pair : lone, settings!))).toBeTypeOf('object')
  })

  test.each(services)('%s mounts every folder of the data that its settings name', (name, service) => {
    const mounted = service.volumes.map((volume) => volume.split(':')[1]!)
    for (const volume of service.volumes) expect(Object.keys(compose.volumes)).toContain(volume.split(':')[0])
    const settings = service.environment?.JIAOZI_SETTINGS
    const data = inPair(service) ? pair : lone
    const text = settings === undefined ? '' : written(data, settings)
    const named = [...text.matchAll(new RegExp(`"${data}(/[\\w-]+)`, 'g'))].map(([, folder]) => `/data${folder}`)
    expect(mounted, name).toEqual(expect.arrayContaining([...new Set(named)]))
  })

  test.each(services)('%s waits only for services of its own installation', (_name, service) => {
    for (const name of Object.keys(service.depends_on ?? {})) {
      expect(Object.keys(compose.services)).toContain(name)
      expect(inPair(compose.services[name]!)).toBe(inPair(service))
    }
  })

  test.each(services)('%s reaches others by names of its own installation', (_name, service) => {
    const settings = service.environment?.JIAOZI_SETTINGS
    const text = settings === undefined ? '' : written(inPair(service) ? pair : lone, settings)
    for (const [, host] of text.matchAll(/(?:nats|http|@)(?::\/\/)?([a-z][\w-]+):\d+/g)) {
      expect(Object.keys(compose.services)).toContain(host)
      expect(inPair(compose.services[host!]!)).toBe(inPair(service))
    }
  })
})

test('Node counts frames with its heap there too', () => {
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8').replaceAll(/\\\n\s*/g, '')
  const entrypoint = JSON.parse(/^ENTRYPOINT (.+)$/m.exec(dockerfile)![1]!) as string[]
  expect(entrypoint).toEqual(['node', '--disable-warning=ExperimentalWarning', ...memoryFlags])
  const variables = Object.entries(memoryVariables).map(([name, value]) => `ENV ${name}=${value}`)
  for (const variable of variables) expect(dockerfile).toContain(variable)
})

test('the far side has none of the keys', () => {
  const farSide = ['sandbox-bank', 'sandbox-central-bank', 'nats', 'postgres']
  const ofPair = ['pair-sandbox-bank', 'pair-sandbox-central-bank', 'w-nats', 'a-nats', 'b-nats', 'a-postgres']
  for (const name of [...farSide, ...ofPair]) {
    expect(compose.services[name]!.volumes.join()).not.toContain('keys')
  }
})

test.each([
  ['one region', '1', ['keys/ring.json', 'run/nats.conf', 'run/postgres-password', 'keys/dev/operator.pem']],
  ['two regions', '2', ['keys/ring.json', 'a/run/nats.conf', 'b/run/nats.conf', 'run/witness.conf']],
])('preparing %s again changes no key and no password', (_, regions, files) => {
  const data = regions === '2' ? pair : lone
  const before = files.map((file) => written(data, file))
  prepare(data, regions)
  expect(files.map((file) => written(data, file))).toEqual(before)
})

test.skipIf(process.env.JIAOZI_SKIP_NATS !== undefined)('the message servers take their configuration', () => {
  const files = [[lone, 'run'], ...['a', 'b'].map((region) => [pair, `${region}/run`])].map(([data, dir]) =>
    join(data!, dir!, 'nats.conf'),
  )
  for (const file of [...files, join(pair, 'run/witness.conf')]) {
    const said = execFileSync(process.env.NATS_SERVER!, ['-t', '-c', file], { stdio: 'pipe' })
    expect(said.toString()).toBe('')
  }
})

test('the server in the container is the one that the tools pin', () => {
  const pinned = /nats-server\/v2 v([\d.]+)/.exec(readFileSync(join(root, 'deploy/tools/go.mod'), 'utf8'))![1]
  for (const name of ['nats', 'a-nats', 'b-nats', 'w-nats']) {
    expect(compose.services[name]!.image).toBe(`nats:${pinned}-alpine`)
  }
})
