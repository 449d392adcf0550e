import { execFile } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstream } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mirrorHasBegun } from '../../actors/log/mirrorStreams.ts'
import { connectNats } from '../../actors/log/natsConnection.ts'
import { ownerKey, witnessBucket } from '../../actors/log/ownerRecord.ts'
import { changeOwners, seedLostWitness } from '../owners/changeOwners.ts'
import { PairAccess } from '../owners/pairAccess.ts'
import { type StartedRegions, startRegions } from '../runningRegion.ts'
import { processStart } from './dataFolder.ts'

const skipped = process.env.JIAOZI_SKIP_NATS
const timeoutMs = 240_000
const pollMs = 50

type Pids = Record<string, { pid: number; start: string }>

function pidsIn(folder: string): Pids {
  const file = join(folder, 'run/pids.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Pids) : {}
}

const alive = (pids: Pids): string[] =>
  Object.entries(pids)
    .filter(([, { pid, start }]) => processStart(pid) === start)
    .map(([name]) => name)
    .sort()

describe.skipIf(skipped !== undefined)('two regions that run', { timeout: timeoutMs }, () => {
  let regions: StartedRegions
  const processes = ['archiver', 'connector', 'edge', 'nats-server', 'postgres', 'projector', 'webhooks', 'worker-0']

  beforeAll(async () => {
    regions = await startRegions([
      '--shards',
      '2',
      '--workers',
      '1',
      '--snapshot-seconds',
      '5',
      '--auto-takeover',
      'off',
    ])
  }, timeoutMs)

  afterAll(() => regions?.stop(), timeoutMs)

  const region = (letter: 'a' | 'b'): string => join(regions.dataDir, letter)
  const edgeAnswers = async (letter: 'a' | 'b'): Promise<boolean> => {
    const { statusPort } = JSON.parse(readFileSync(join(region(letter), 'run/edge.json'), 'utf8'))
    const answer = await fetch(`http://127.0.0.1:${statusPort}/readyz`, { signal: AbortSignal.timeout(2_000) }).catch(
      () => undefined,
    )
    return answer?.ok === true
  }

  async function witnessRecords(): Promise<unknown[]> {
    const access = regions.started.installation().witness
    const connection = await connectNats(access, { name: 'test', inboxPrefix: `_INBOX.${access.user}` })
    const bucket = await new Kvm(jetstream(connection)).open(witnessBucket)
    const records = [(await bucket.get(ownerKey(0)))?.json(), (await bucket.get(ownerKey(1)))?.json()]
    await connection.close()
    return records
  }

  test('have everything of their own, and a witness, a link and a far side between them', () => {
    expect(alive(pidsIn(region('a')))).toEqual(processes)
    expect(alive(pidsIn(region('b')))).toEqual(processes)
    const between = ['development-issuer', 'sandbox-bank', 'sandbox-central-bank', 'toxiproxy', 'witness']
    expect(alive(pidsIn(regions.dataDir))).toEqual(between)
    expect(regions.facts('a')).toMatchObject({ region: 'a', peer: 'b' })
    expect(regions.facts('b')).toMatchObject({ region: 'b', peer: 'a' })
    expect(regions.facts('a').edgeUrl).not.toBe(regions.facts('b').edgeUrl)
  })

  test('own the shards in turn, as the witness says', async () => {
    expect(await witnessRecords()).toEqual([
      { epoch: 0, owner: 'a', mode: 'sync', segments: [{ epoch: 0, region: 'a', first: 1 }] },
      { epoch: 0, owner: 'b', mode: 'sync', segments: [{ epoch: 0, region: 'b', first: 1 }] },
    ])
  })

  test('a process that dies is started again; one that is held down is not, until it is let go', async () => {
    const before = pidsIn(region('b')).connector!
    process.kill(before.pid, 'SIGKILL')
    await expect.poll(() => alive(pidsIn(region('b'))), { timeout: 30_000 }).toEqual(processes)
    await regions.holds.hold('process/b/connector')
    await sleep(20 * pollMs)
    expect(alive(pidsIn(region('b')))).toEqual(processes.filter((name) => name !== 'connector'))
    await regions.holds.release('process/b/connector')
    await expect.poll(() => alive(pidsIn(region('b'))), { timeout: 30_000 }).toEqual(processes)
  })

  test('a message server that is held down takes no other process with it', async () => {
    await regions.holds.hold('server/a')
    await sleep(20 * pollMs)
    expect(alive(pidsIn(region('a')))).toEqual(processes.filter((name) => name !== 'nats-server'))
    await regions.holds.release('server/a')
    await expect.poll(() => alive(pidsIn(region('a')))).toEqual(processes)
  })

  test('a region’s mirrors come back from a break while it has no worker', async () => {
    await regions.holds.hold('process/b/worker-0')
    await regions.holds.hold('server/b')
    await regions.holds.release('server/b')
    const { nats } = JSON.parse(readFileSync(join(region('b'), 'run/region.json'), 'utf8'))
    const connection = await connectNats(nats, { name: 'test', inboxPrefix: `_INBOX.${nats.user}` })
    await expect
      .poll(() => mirrorHasBegun(connection, 'a', 0).catch(() => false), { timeout: 30_000, interval: 200 })
      .toBe(true)
    await connection.close()
    await regions.holds.release('process/b/worker-0')
    await expect.poll(() => alive(pidsIn(region('b')))).toEqual(processes)
  })

  test('a region that is held down is gone whole, the other stays, and it comes back on its data', async () => {
    await regions.holds.hold('region/a')
    await sleep(20 * pollMs)
    expect(alive(pidsIn(region('a')))).toEqual([])
    expect(alive(pidsIn(region('b')))).toEqual(processes)
    await regions.holds.release('region/a')
    await expect.poll(() => alive(pidsIn(region('a'))), { timeout: 30_000 }).toEqual(processes)
    await expect.poll(() => edgeAnswers('a'), { timeout: 60_000 }).toBe(true)
  })

  async function change(action: 'move' | 'takeover', to: 'a' | 'b'): Promise<string[]> {
    const pair = await PairAccess.open(regions.dataDir)
    const said: string[] = []
    const options = {
      data: regions.dataDir,
      action,
      shard: 0,
      region: to,
      operators: [],
      signers: [],
      wordFiles: [],
      despiteDifferences: false,
    }
    await changeOwners(pair, options, (line) => said.push(line))
    await pair.close()
    return said
  }

  test('a region that lost its disk stays down while it owns shards: nobody else may say what they are', async () => {
    await regions.holds.hold('region/a')
    rmSync(join(region('a'), 'nats', 'jetstream'), { recursive: true })
    await expect(regions.holds.release('region/a')).rejects.toThrow(
      'region a has lost the logs of shards 0, which it owns: take them over first',
    )
    expect(alive(pidsIn(region('a')))).toEqual([])
  })

  test('once they are taken over it comes back, begins its log anew, and can own them again', async () => {
    expect(await change('takeover', 'b')).toEqual(['shard 0: region b owns it now'])
    await regions.holds.release('region/a')
    await expect.poll(() => edgeAnswers('a'), { timeout: 60_000 }).toBe(true)
    await untilInSync()
    expect(await change('move', 'a')).toEqual(['shard 0: region a owns it now'])
    const [record] = (await witnessRecords()) as { segments: { region: string; first: number }[] }[]
    const beganAnew = record!.segments.at(-1)!
    expect(beganAnew.region).toBe('a')
    expect(beganAnew.first).toBeGreaterThan(1_000_000)
  })

  async function untilInSync(): Promise<void> {
    const modes = async () => (await witnessRecords()).map((record) => (record as { mode: string }).mode)
    await expect.poll(modes, { timeout: 60_000 }).toEqual(['sync', 'sync'])
  }

  test('a witness that was held down still knows what it knew', async () => {
    const before = await witnessRecords()
    await regions.holds.hold('witness')
    expect(alive(pidsIn(regions.dataDir))).not.toContain('witness')
    await regions.holds.release('witness')
    expect(await witnessRecords()).toEqual(before)
    await expect.poll(() => alive(pidsIn(regions.dataDir))).toContain('witness')
  })

  test.each([
    ['a backup of one of them', ['backup', 'unused', '--data', 'a'], 'each is the copy of the other'],
    ['a program that needs one', ['log', 'verify', '--data', '.'], 'holds two regions: name one of them'],
    ['a command that needs one', ['wallet', 'open', '--data', '.'], 'holds two regions: name one of them'],
  ])('%s is refused in one clear line', async (_, args, word) => {
    const cli = join(import.meta.dirname, '../../edge/cli/jiaozi.ts')
    const run = execFile(process.execPath, [cli, ...args], { cwd: regions.dataDir })
    let said = ''
    run.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    expect(await new Promise((resolve) => run.once('close', resolve))).not.toBe(0)
    expect(said).toContain(word)
    expect(said).not.toContain('    at ')
  })

  test.each([
    ['process/a/worker-9', 'region a has no worker-9'],
    ['server/c', 'there is no server/c'],
  ])('what is not there cannot be held down: %s', async (target, word) => {
    await expect(regions.holds.hold(target as 'witness')).rejects.toThrow(word)
  })

  test('nobody holds anything down without the word in the run folder', async () => {
    const { url } = regions.started.installation().holds
    const answer = await fetch(`${url}/hold/witness`, { method: 'POST', headers: { authorization: 'Bearer guess' } })
    expect(answer.status).toBe(401)
    expect(alive(pidsIn(regions.dataDir))).toContain('witness')
  })

  test('end whole on Ctrl-C, and a second start goes on', async () => {
    const all = [region('a'), region('b'), regions.dataDir].map(pidsIn)
    await untilInSync()
    const records = await witnessRecords()
    await regions.started.end('SIGINT')
    expect(all.flatMap(alive)).toEqual([])
    expect(existsSync(join(regions.dataDir, 'run/installation.json'))).toBe(false)
    await regions.started.start()
    expect(alive(pidsIn(region('a')))).toEqual(processes)
    expect(await witnessRecords()).toEqual(records)
  })

  test('a witness that lost its disk is told nothing by itself; two operators give it back what the regions know', async () => {
    await untilInSync()
    const records = await witnessRecords()
    await regions.holds.hold('witness')
    rmSync(join(regions.dataDir, 'w', 'jetstream'), { recursive: true })
    await regions.holds.release('witness')
    expect(await witnessRecords()).toEqual([undefined, undefined])
    const pair = await PairAccess.open(regions.dataDir)
    const said: string[] = []
    expect(await seedLostWitness(pair, ['lin', 'wang'], (line) => said.push(line))).toBe(true)
    expect(said.filter((line) => line.endsWith('again, by the word of lin and wang'))).toHaveLength(2)
    expect(await witnessRecords()).toEqual(records)
    expect(await change('move', 'b')).toEqual(['shard 0: region b owns it now'])
    expect(await seedLostWitness(pair, ['lin', 'wang'], (line) => said.push(line))).toBe(true)
    expect(said.at(-1)).toBe('the witness knows every shard: there is nothing to give it')
    await pair.close()
  })
})
