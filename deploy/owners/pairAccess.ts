import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type NatsConnection, NoRespondersError, RequestError } from '@nats-io/nats-core'
import type { LaneEnds } from '../../actors/log/laneEnds.ts'
import { connectNats, type NatsAccess } from '../../actors/log/natsConnection.ts'
import type { OperatorWord } from '../../actors/log/operatorWord.ts'
import { controlSubject } from '../../actors/log/subjects.ts'
import { type OwnerRecords, readOwners, witnessRecords } from '../ownerRecords.ts'
import type { InstallationFacts } from '../runningRegion.ts'

const connectTimeoutMs = 2_000
/** A move or takeover takes its time: it is answered after twelve seconds at the latest. */
const requestTimeoutMs = 15_000
/** A shard that changes hands within its region has for a moment nobody who answers. */
const nobodyThereMs = 5_000
const askAgainMs = 200

export type ControlRequest =
  | { type: 'status' | 'lanes' | 'move' | 'takeover' }
  | { type: 'accept-loss'; words: readonly OperatorWord[] }
export type ControlAnswer = { ok: boolean; reason?: string } & Record<string, unknown>

/** An operator's access to two regions and their witness; what is not there is undefined. */
export class PairAccess {
  readonly shardCount: number
  readonly witness: NatsConnection | undefined
  readonly #regions: ReadonlyMap<string, NatsConnection>

  private constructor(shardCount: number, witness: NatsConnection | undefined, regions: Map<string, NatsConnection>) {
    this.shardCount = shardCount
    this.witness = witness
    this.#regions = regions
  }

  /** @throws Error when no two regions run on the folder. */
  static async open(data: string): Promise<PairAccess> {
    const file = join(data, 'run', 'installation.json')
    if (!existsSync(file)) throw new Error(`no two regions run on ${data}: npm start -- --regions 2 starts them`)
    const { shardCount, regions, witness } = JSON.parse(readFileSync(file, 'utf8')) as InstallationFacts
    const found = new Map<string, NatsConnection>()
    for (const [letter, dataDir] of Object.entries(regions)) {
      const { nats } = JSON.parse(readFileSync(join(dataDir, 'run', 'region.json'), 'utf8')) as { nats: NatsAccess }
      const connection = await connected(nats)
      if (connection !== undefined) found.set(letter, connection)
    }
    return new PairAccess(shardCount, await connected(witness), found)
  }

  get regions(): string[] {
    return [...this.#regions.keys()].toSorted()
  }

  async recordsOf(region: string): Promise<OwnerRecords> {
    return readOwners(this.#region(region), region, this.shardCount)
  }

  async witnessRecords(): Promise<OwnerRecords | undefined> {
    return this.witness && witnessRecords(this.witness, this.shardCount)
  }

  /** Asks a region's replica of a shard. @throws Error when nobody answers in time. */
  async ask(region: string, shard: number, request: ControlRequest): Promise<ControlAnswer> {
    const subject = controlSubject(region, shard)
    const connection = this.#region(region)
    const untilMs = performance.now() + nobodyThereMs
    for (;;) {
      try {
        const reply = await connection.request(subject, JSON.stringify(request), { timeout: requestTimeoutMs })
        return reply.json<ControlAnswer>()
      } catch (error) {
        if (!wasNobodyThere(error) || performance.now() > untilMs) {
          throw new Error(`shard ${shard}: nobody answers in region ${region}`)
        }
        await sleep(askAgainMs * (0.5 + Math.random()))
      }
    }
  }

  /** How far a region's replica of a shard has come with each other shard; undefined when it cannot say. */
  async lanesOf(region: string, shard: number): Promise<LaneEnds[] | undefined> {
    const answer = await this.ask(region, shard, { type: 'lanes' }).catch(() => undefined)
    return answer?.ok === true ? (answer.lanes as LaneEnds[]) : undefined
  }

  #region(letter: string): NatsConnection {
    const connection = this.#regions.get(letter)
    if (connection === undefined) throw new Error(`the message server of region ${letter} does not answer`)
    return connection
  }

  async close(): Promise<void> {
    await Promise.all([...this.#regions.values(), this.witness].map((connection) => connection?.close()))
  }
}

function wasNobodyThere(error: unknown): boolean {
  return error instanceof NoRespondersError || (error instanceof RequestError && error.isNoResponders())
}

async function connected(access: NatsAccess): Promise<NatsConnection | undefined> {
  const options = { name: 'owners', inboxPrefix: `_INBOX.${access.user}`, connectTimeoutMs }
  return connectNats(access, options).catch(() => undefined)
}
