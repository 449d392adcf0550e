import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { memoryFlags } from '../supervisor/plan.ts'

type Service = {
  image: string
  command?: string[]
  environment?: Record<string, string>
  volumes: string[]
  depends_on?: Record<string, { condition: string }>
}

const root = join(import.meta.dirname, '../..')
const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
  services: Record<string, Service>
  volumes: Record<string, null>
}
const services = Object.entries(compose.services)
const ours = services.filter(([, { image }]) => image === 'jiaozi')
let data: string

const prepare = (): Buffer =>
  execFileSync(process.execPath, [join(import.meta.dirname, 'prepareMain.ts')], {
    env: { ...process.env, JIAOZI_DATA: data },
  })
const written = (file: string): string => readFileSync(join(data, file.replace(/^\/data\//, '')), 'utf8')

beforeAll(() => {
  data = mkdtempSync(join(tmpdir(), 'jiaozi-containers-'))
  prepare()
})

afterAll(() => rmSync(data, { recursive: true, force: true }))

describe('a container of the region', () => {
  test.each(ours)(
    '%s runs a program that is there, by settings that prepare writes',
    (name, { command, environment }) => {
      expect(existsSync(join(root, command![0]!))).toBe(true)
      if (name !== 'prepare') expect(JSON.parse(written(environment!.JIAOZI_SETTINGS!))).toBeTypeOf('object')
    },
  )

  test.each(services)('%s mounts every folder of the data that its settings name', (name, service) => {
    const mounted = service.volumes.map((volume) => volume.split(':')[1]!)
    for (const volume of service.volumes) expect(Object.keys(compose.volumes)).toContain(volume.split(':')[0])
    const settings = service.environment?.JIAOZI_SETTINGS
    const text = settings === undefined ? '' : written(settings)
    const named = [...text.matchAll(new RegExp(`"${data}(/[\\w-]+)`, 'g'))].map(([, folder]) => `/data${folder}`)
    expect(mounted, name).toEqual(expect.arrayContaining([...new Set(named)]))
  })

  test.each(services)('%s waits only for services that are there', (_name, { depends_on }) => {
    for (const other of Object.keys(depends_on ?? {})) expect(Object.keys(compose.services)).toContain(other)
  })
})

test('Node counts frames with its heap there too', () => {
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8').replaceAll(/\\\n\s*/g, '')
  const entrypoint = JSON.parse(/^ENTRYPOINT (.+)$/m.exec(dockerfile)![1]!) as string[]
  expect(entrypoint).toEqual(['node', '--disable-warning=ExperimentalWarning', ...memoryFlags])
})

test('the far side has none of the keys', () => {
  for (const name of ['sandbox-bank', 'sandbox-central-bank', 'nats', 'postgres']) {
    expect(compose.services[name]!.volumes.join()).not.toContain('keys')
  }
})

test('preparing again changes no key and no password', () => {
  const before = ['keys/ring.json', 'run/nats.conf', 'run/postgres-password', 'keys/dev/operator.pem'].map(written)
  prepare()
  expect(['keys/ring.json', 'run/nats.conf', 'run/postgres-password', 'keys/dev/operator.pem'].map(written)).toEqual(
    before,
  )
})

test.skipIf(process.env.JIAOZI_SKIP_NATS !== undefined)('the message server takes its configuration', () => {
  const said = execFileSync(process.env.NATS_SERVER!, ['-t', '-c', join(data, 'run/nats.conf')], { stdio: 'pipe' })
  expect(said.toString()).toBe('')
})

test('the server in the container is the one that the tools pin', () => {
  const pinned = /nats-server\/v2 v([\d.]+)/.exec(readFileSync(join(root, 'deploy/tools/go.mod'), 'utf8'))![1]
  expect(compose.services.nats!.image).toBe(`nats:${pinned}-alpine`)
})
