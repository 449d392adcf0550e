import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Options } from 'k6/options'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createdSkewSeconds } from '../../edge/auth/httpSignatures.ts'
import type { RequestSigner } from '../../edge/client/requests.ts'
import { fund, openTestWallet, startTestEdge, type TestEdge } from '../../edge/testEdge.ts'
import { letters, startTestRegions, type TestRegions } from '../../edge/testRegions.ts'
import { sendThrough } from '../generator/sendThrough.ts'
import { type Payer, requestMaker } from '../profiles/preparedRequests.ts'
import { type Profile, type ProfileName, profiles } from '../profiles/profiles.ts'
import { openProfileWallets } from '../profiles/profileWallets.ts'
import { dueTimesMs } from '../profiles/schedule.ts'
import type { Prepared } from './prepared.ts'

const folder = import.meta.dirname
const scripts: Readonly<Record<ProfileName, string>> = {
  canonical: 'canonical.ts',
  'cross-region': 'crossRegion.ts',
  'hot-wallet': 'hotWallet.ts',
  'payroll-burst': 'payrollBurst.ts',
  soak: 'soak.ts',
}
const skip = process.env.JIAOZI_SKIP_NATS
const ratePerSecond = 10
const seconds = 4

/** What a profile is sent to: one region, or two. */
type Site = {
  readonly edgeUrls: readonly string[]
  readonly caFile: string
  readonly institution: RequestSigner
  readonly wallets: readonly Payer[]
}

let edge: TestEdge
let two: TestRegions
let one: Site
let both: Site
let temporary: string

const siteOf = ({ betweenRegions }: Profile): Site => (betweenRegions ? both : one)

describe.skipIf(skip !== undefined)(`against real edges${skip ? `: ${skip}` : ''}`, () => {
  beforeAll(async () => {
    temporary = mkdtempSync(join(tmpdir(), 'jiaozi-k6-'))
    edge = await startTestEdge({ banks: true })
    const caFile = join(temporary, 'ca.pem')
    writeFileSync(caFile, edge.ca)
    const wallets = await Promise.all(Array.from({ length: 6 }, () => openTestWallet(edge, { kyc: 3, group: 3 })))
    for (const wallet of wallets) await fund(edge, wallet, '100.00')
    one = { edgeUrls: [edge.url], caFile, institution: edge.institution, wallets }
    two = await startTestRegions()
    const [a, b] = [two.regions.facts('a'), two.regions.facts('b')]
    both = {
      edgeUrls: [a.edgeUrl, b.edgeUrl],
      caFile: a.caFile,
      institution: two.institution,
      // So many that both regions have some: each goes to a shard of either by chance.
      wallets: await openProfileWallets([a, b], 24, () => undefined),
    }
  }, 240_000)
  afterAll(async () => {
    await two?.close()
    await edge?.close()
    rmSync(temporary, { recursive: true, force: true })
  }, 120_000)

  const makersOf = (profile: Profile, startsAtMs: number, seed: number) => {
    const { edgeUrls, wallets, institution } = siteOf(profile)
    return edgeUrls.map((edgeUrl, n) =>
      requestMaker({ profile, wallets, institution, edgeUrl, startsAtMs, seed: seed + n }),
    )
  }

  /** Prepares a whole run, all of it late enough to be measured. */
  function prepare(name: ProfileName, change: Partial<Prepared> = {}): { file: string; count: number } {
    const profile: Profile = profiles[name]
    const startsAtMs = Date.now()
    const makers = makersOf(profile, startsAtMs, 3)
    const due = dueTimesMs(profile, ratePerSecond, seconds)
    const requests = Array.from(due, (dueMs, n) => makers[n % makers.length]!(dueMs + 3_000))
    const { edgeUrls } = siteOf(profile)
    const file = join(temporary, `${name}.json`)
    const prepared: Prepared = { profile: name, edgeUrls, ratePerSecond, seconds, startsAtMs, requests, ...change }
    writeFileSync(file, JSON.stringify(prepared))
    return { file, count: requests.length }
  }

  type Ran = { code: number; stdout: string; stderr: string }

  function runProgram(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
    return new Promise((done) => {
      const options = { env: { ...process.env, ...env }, timeout: 60_000 }
      execFile(process.execPath, args, options, (error, stdout, stderr) => {
        done({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr })
      })
    })
  }

  function run(script: string, prepared: string, iterations: number): Promise<Ran> {
    const args = [join(folder, 'standIn/runMain.ts'), join(folder, script), String(iterations)]
    const { caFile } = script === scripts['cross-region'] ? both : one
    const env = { PREPARED: prepared, SUMMARY: join(temporary, 'summary.json'), NODE_EXTRA_CA_CERTS: caFile }
    return runProgram(args, env)
  }

  test.each(Object.entries(scripts))('%s: setup, every prepared request, and the summary', async (name, script) => {
    const { file, count } = prepare(name as ProfileName)
    const { code, stdout, stderr } = await run(script, file, count)
    expect(stderr).toBe('')
    expect(code).toBe(0)
    const report = JSON.parse(readFileSync(join(temporary, 'summary.json'), 'utf8'))
    expect(report).toMatchObject({ name: `k6.${name}`, figures: { 'checks.rate': 1, 'iterations.dropped': 0 } })
    expect(report.figures['requests.sent']).toBeGreaterThanOrEqual(count)
    expect(report.figures['payments.p999_ms']).toBeGreaterThan(0)
    expect(report.rows.map((row: { name: string }) => row.name)).toContain('dropped_iterations count==0')
    expect(stdout).toContain(`k6.${name}: `)
  })

  test.each(Object.entries(scripts))(
    '%s: an open arrival rate, and thresholds that end the run badly',
    async (name, script) => {
      const { file } = prepare(name as ProfileName)
      const { stdout } = await run(script, file, 1)
      const options = JSON.parse(stdout.trim().split('\n').at(-1)!) as Options
      const [scenario] = Object.values(options.scenarios!)
      expect(scenario!.executor).toBe('ramping-arrival-rate')
      expect(scenario).not.toHaveProperty('maxVUs')
      expect(options.thresholds).toMatchObject({ dropped_iterations: ['count==0'], checks: ['rate>=0.9999'] })
      expect(options.thresholds!.payment_ms).toEqual(
        expect.arrayContaining([expect.stringMatching(/^p\(99\.9\)<=\d+$/)]),
      )
      expect(Object.keys(options.thresholds!)).toContain('unprepared_iterations')
    },
  )

  test('a payroll that comes again is answered alike, and one that is not as it was signed is not paid', async () => {
    const { file } = prepare('payroll-burst')
    const prepared = JSON.parse(readFileSync(file, 'utf8')) as Prepared
    const payrolls = prepared.requests.filter(({ kind }) => kind === 'payroll')
    expect(payrolls.length).toBeGreaterThan(0)
    // The same batch again, and one whose body is not the one that was signed.
    const [first] = payrolls
    writeFileSync(file, JSON.stringify({ ...prepared, requests: [first, first] }))
    expect((await run('payrollBurst.ts', file, 2)).stderr).toBe('')
    const changed = { ...first!, body: first!.body.replace('0.01', '0.02') }
    writeFileSync(file, JSON.stringify({ ...prepared, requests: [changed] }))
    const { stderr } = await run('payrollBurst.ts', file, 1)
    expect(stderr).toMatch(/check failed: payroll is answered with 200: .*"status":401/)
  })

  test('an answer that is not the right one fails the run', async () => {
    const { file } = prepare('canonical')
    const prepared = JSON.parse(readFileSync(file, 'utf8')) as Prepared
    const requests = prepared.requests.map((request) => ({ ...request, body: request.body.replace('0.01', '0.02') }))
    writeFileSync(file, JSON.stringify({ ...prepared, requests }))
    const { stderr } = await run('canonical.ts', file, requests.length)
    expect(stderr).toMatch(/check failed: pay is answered with 200: .*"status":401/)
    expect(JSON.parse(readFileSync(join(temporary, 'summary.json'), 'utf8')).verdict).toBe('fail')
  })

  test('more iterations than were prepared fail the run', async () => {
    const { file, count } = prepare('canonical')
    await run('canonical.ts', file, count + 2)
    const { verdict, rows } = JSON.parse(readFileSync(join(temporary, 'summary.json'), 'utf8'))
    expect(verdict).toBe('fail')
    expect(rows).toContainEqual({ name: 'unprepared_iterations count==0', holds: false })
  })

  test('requests go to the edges that they were signed for, in turn', async () => {
    const { file } = prepare('canonical', { edgeUrls: [edge.url, `${edge.url}/elsewhere`] })
    const { stderr } = await run('canonical.ts', file, 4)
    expect(stderr.match(/check failed: .*"status":404/g)).toHaveLength(2)
  })

  test('requests that are too old, or of another profile, are not sent at all', async () => {
    // Later than the signature of a read is taken, though not so late that a payment's id has expired.
    const old = prepare('canonical', { startsAtMs: Date.now() - (createdSkewSeconds + 1) * 1_000 })
    expect((await run('canonical.ts', old.file, 1)).stderr).toContain('their signatures expire; run load:prepare again')
    const other = prepare('soak')
    expect((await run('canonical.ts', other.file, 1)).stderr).toContain(
      'prepared for the profile soak, not for canonical',
    )
  })

  test('the native generator gets the right answer to every request of every profile', async () => {
    for (const profile of Object.values(profiles) as Profile[]) {
      const { edgeUrls, caFile } = siteOf(profile)
      const makers = makersOf(profile, Date.now(), 5)
      const edges = edgeUrls.map((url, n) => ({ url, ca: readFileSync(caFile), make: makers[n]! }))
      const dueMs = dueTimesMs(profile, 40, 2)
      const limits = { signedAheadMax: 20, connectionsMax: 8, warmUpMs: 0 }
      const { due, right, wrong, dropped, payments, reads } = await sendThrough(edges, { dueMs, ...limits })
      expect([...wrong]).toEqual([])
      expect({ due, right, dropped }).toEqual({ due: dueMs.length, right: dueMs.length, dropped: 0 })
      expect(payments.count + reads.count).toBe(due)
    }
  })

  test('a wallet opened in two regions is of the one that owns its shard', async () => {
    const shards = new Set<number>()
    for (const { walletId, region } of both.wallets) {
      for (const letter of letters) {
        const { body } = await two.edges[letter].call(two.institution, 'GET', `/v1/wallets/${walletId}`)
        const { shard, ...age } = body.as_of as { shard: number; age_ms?: number }
        expect('age_ms' in age).toBe(letter !== region)
        shards.add(shard)
      }
    }
    expect(shards.size).toBe(2)
  })

  test('a run between regions is prepared on the folder of both, and a run in one is not', async () => {
    const file = join(temporary, 'prepared.json')
    const prepareFor = (profile: string, data: string) => {
      const size = ['--rate', '10', '--duration', '5', '--wallets', '24', '--starts-in', '0']
      return runProgram([join(folder, 'prepareMain.ts'), '--profile', profile, '--data', data, '--out', file, ...size])
    }
    const { dataDir } = two.regions
    const wrong = await prepareFor('canonical', dataDir)
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toContain(`holds two regions: name one of them, --data ${join(dataDir, 'a')}`)
    const told = await prepareFor('cross-region', dataDir)
    expect(told.stderr).toBe('')
    expect(told.stdout).toContain(both.caFile)
    const { edgeUrls, requests } = JSON.parse(readFileSync(file, 'utf8')) as Prepared
    expect(edgeUrls).toEqual(both.edgeUrls)
    expect((await run(scripts['cross-region'], file, requests.length)).stderr).toBe('')
    expect(JSON.parse(readFileSync(join(temporary, 'summary.json'), 'utf8')).figures['checks.rate']).toBe(1)
  })
})

test('every script of the folder has its profile, and every profile its script', () => {
  const found = readdirSync(folder).filter((file) => readFileIfScript(file).includes('export default script.iteration'))
  expect(found.sort()).toEqual(Object.values(scripts).sort())
  expect(Object.keys(scripts).sort()).toEqual(Object.keys(profiles).sort())
})

function readFileIfScript(file: string): string {
  const isScript = file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.endsWith('Main.ts')
  return isScript ? readFileSync(join(folder, file), 'utf8') : ''
}
