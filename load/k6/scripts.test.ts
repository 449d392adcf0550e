import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Options } from 'k6/options'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fund, openTestWallet, startTestEdge, type TestEdge } from '../../edge/testEdge.ts'
import { OpenLoop } from '../generator/openLoop.ts'
import { type Payer, requestMaker } from '../profiles/preparedRequests.ts'
import { type Profile, type ProfileName, profiles } from '../profiles/profiles.ts'
import { dueTimesMs } from '../profiles/schedule.ts'
import type { Prepared } from './prepared.ts'

const folder = import.meta.dirname
const scripts: Readonly<Record<ProfileName, string>> = {
  canonical: 'canonical.ts',
  'hot-wallet': 'hotWallet.ts',
  'payroll-burst': 'payrollBurst.ts',
  soak: 'soak.ts',
}
const skip = process.env.JIAOZI_SKIP_NATS
const ratePerSecond = 10
const seconds = 4

let edge: TestEdge
let wallets: Payer[]
let temporary: string

describe.skipIf(skip !== undefined)(`against a real edge${skip ? `: ${skip}` : ''}`, () => {
  beforeAll(async () => {
    temporary = mkdtempSync(join(tmpdir(), 'jiaozi-k6-'))
    edge = await startTestEdge({ banks: true })
    writeFileSync(join(temporary, 'ca.pem'), edge.ca)
    const opened = await Promise.all(Array.from({ length: 6 }, () => openTestWallet(edge, { kyc: 3, group: 3 })))
    for (const wallet of opened) await fund(edge, wallet, '100.00')
    wallets = opened
  }, 120_000)
  afterAll(async () => {
    await edge?.close()
    rmSync(temporary, { recursive: true, force: true })
  })

  /** Prepares a whole run, all of it late enough to be measured. */
  function prepare(name: ProfileName, change: Partial<Prepared> = {}): { file: string; count: number } {
    const profile: Profile = profiles[name]
    const startsAtMs = Date.now()
    const make = requestMaker({
      profile,
      wallets,
      institution: edge.institution,
      edgeUrl: edge.url,
      startsAtMs,
      seed: 3,
    })
    const requests = Array.from(dueTimesMs(profile, ratePerSecond, seconds), (due) => make(due + 3_000))
    const file = join(temporary, `${name}.json`)
    const prepared: Prepared = {
      profile: name,
      edgeUrl: edge.url,
      ratePerSecond,
      seconds,
      startsAtMs,
      requests,
      ...change,
    }
    writeFileSync(file, JSON.stringify(prepared))
    return { file, count: requests.length }
  }

  type Ran = { code: number; stdout: string; stderr: string }

  function run(script: string, prepared: string, iterations: number): Promise<Ran> {
    const args = [join(folder, 'standIn/runMain.ts'), join(folder, script), String(iterations)]
    const summary = join(temporary, 'summary.json')
    const env = { ...process.env, PREPARED: prepared, SUMMARY: summary, NODE_EXTRA_CA_CERTS: join(temporary, 'ca.pem') }
    return new Promise((done) => {
      execFile(process.execPath, args, { env, timeout: 60_000 }, (error, stdout, stderr) => {
        done({ code: error === null ? 0 : 1, stdout, stderr })
      })
    })
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
      expect(scenario!.executor).toMatch(/^(constant|ramping)-arrival-rate$/)
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

  test('requests that are too old, or of another profile, are not sent at all', async () => {
    const old = prepare('canonical', { startsAtMs: Date.now() - 20 * 60_000 })
    expect((await run('canonical.ts', old.file, 1)).stderr).toContain('their ids have expired; run load:prepare again')
    const other = prepare('soak')
    expect((await run('canonical.ts', other.file, 1)).stderr).toContain(
      'prepared for the profile soak, not for canonical',
    )
  })

  test('the native generator gets the right answer to every request of every profile', async () => {
    const { hostname, port, host } = new URL(edge.url)
    for (const profile of Object.values(profiles) as Profile[]) {
      const dueMs = dueTimesMs(profile, 40, 2)
      const make = requestMaker({
        profile,
        wallets,
        institution: edge.institution,
        edgeUrl: edge.url,
        startsAtMs: Date.now(),
        seed: 5,
      })
      const address = { host: hostname, port: Number(port), ca: Buffer.from(edge.ca) }
      const limits = { signedAheadMax: 20, connectionsMax: 8, warmUpMs: 0 }
      const loop = new OpenLoop({ address, host, dueMs, make, ...limits })
      expect(loop.prepare()).toBe(20)
      const { due, right, wrong, dropped, payments, reads } = await loop.run()
      expect([...wrong]).toEqual([])
      expect({ right, dropped }).toEqual({ right: due, dropped: 0 })
      expect(payments.count + reads.count).toBe(due)
    }
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
