import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { archiverSettings, edgeSettings, loadSettings, projectorSettings, webhooksSettings } from './settings.ts'

let dir: string
const file = (): string => join(dir, 'settings.json')

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'jiaozi-settings-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const common = {
  region: 'a',
  shardCount: 4,
  statusPort: 9_000,
  keysDir: '/keys',
  nats: { url: 'nats://127.0.0.1:4222', monitorUrl: 'http://127.0.0.1:8222' },
}
const projector = { ...common, role: 'projector', databaseUrl: 'postgres://127.0.0.1/jiaozi', stateDir: '/state' }
const edge = { ...common, role: 'edge', edgeId: '1', port: 8_443, certFile: '/cert.pem', keyFile: '/key.pem' }

describe('a settings file', () => {
  test('is read, and what it leaves out is filled in', () => {
    writeFileSync(file(), JSON.stringify(projector))
    expect(loadSettings(projectorSettings, file())).toEqual({ ...projector, snapshotEveryMs: 60_000, logLevel: 'info' })
  })

  test('that nobody names is asked for', () => {
    expect(() => loadSettings(projectorSettings, '')).toThrow('JIAOZI_SETTINGS must name the settings file')
  })

  test('that is not there is named', () => {
    expect(() => loadSettings(projectorSettings, file())).toThrow(`settings file ${file()} is not usable: ENOENT`)
  })

  test('that is not JSON is named, and none of the secrets in it', () => {
    writeFileSync(file(), '{ "bankSecret": s3cret }')
    const failure = (): unknown => loadSettings(projectorSettings, file())
    expect(failure).toThrow(`settings file ${file()} is not usable: it is not JSON`)
    expect(failure).not.toThrow('s3cret')
  })

  test.each([
    ['edge', edgeSettings, edge],
    ['projector', projectorSettings, projector],
    ['archiver', archiverSettings, { ...common, role: 'archiver', archiveDir: '/archive' }],
    ['webhooks', webhooksSettings, { ...common, role: 'webhooks' }],
  ])('of the %s with an empty database address is refused', (_role, schema, settings) => {
    writeFileSync(file(), JSON.stringify({ ...settings, databaseUrl: '' }))
    expect(() => loadSettings<unknown>(schema, file())).toThrow(/not usable:\n.*\n.*→ at databaseUrl/)
  })
})
