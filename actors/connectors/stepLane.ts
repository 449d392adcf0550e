import { encodeCommand, joinBodies } from '../ledger/frameBuilder.ts'
import { frameKinds, signers } from '../ledger/records.ts'
import { codeOf } from '../ledger/refusals.ts'
import { loneOwner, type Owner, type OwnerDirectory } from '../log/ownerDirectory.ts'
import type { Sealer } from '../log/sealing.ts'
import type { AppendOutcome } from '../log/shardLog.ts'
import { commandSubject } from '../log/subjects.ts'
import type { ReachedStep } from './driver.ts'

/** What a lane needs of the world: NATS and timers in the process, virtual ones in a simulation. */
interface LanePorts {
  nowMs(): number
  /** In [0, 1): jitter only. */
  random(): number
  /** Runs once after a while. */
  after(delayMs: number, work: () => void): void
  append(shard: number, subject: string, frame: Uint8Array, timeoutMs: number): Promise<AppendOutcome>
  /** A log that refuses our frames for good: the process must stop and a human be called. */
  onError(error: unknown): void
}

export type StepLaneOptions = {
  /** Where this connector stands. */
  region: string
  /** Who owns which shard; without it this region owns all. */
  owners?: OwnerDirectory
  connectorId: string
  shard: number
  /** Of this process: with a counter it names every frame. */
  incarnation: number
  /** Shared by the lanes of one process, so that no two frames have one name. */
  nextCounter: () => number
  sealer: Sealer
  ports: LanePorts
}

const appendTimeoutMs = 3_000
const retryDelayMsMin = 50
const retryDelayMsMax = 2_000
const stepsPerFrameMax = 512

/**
 * Brings reached steps into one shard's log: they gather while the previous frame is on its way, and a frame whose
 * outcome is unknown is sent again as it is, under its name, until the log has it. When the shard gets another owner
 * meanwhile the frame is sealed anew for it: only one of the two can count. What a log took that is cut off later is
 * owed again by the next leader, whose connector asks under the same TxId.
 */
export class StepLane {
  readonly #o: StepLaneOptions
  readonly #owners: OwnerDirectory
  /** By saga and step: the host shows a step again and again until the log has it, and it is answered each time. */
  readonly #gathered = new Map<string, ReachedStep>()
  #sending: Promise<void> | undefined

  constructor(options: StepLaneOptions) {
    this.#o = options
    this.#owners = options.owners ?? loneOwner(options.region)
  }

  /** Steps not yet known to be in the log. */
  get backlog(): number {
    return this.#gathered.size
  }

  add(step: ReachedStep): void {
    this.#gathered.set(keyOf(step), step)
    this.#sending ??= this.#send()
      .catch((error: unknown) => this.#o.ports.onError(error))
      .finally(() => {
        this.#sending = undefined
      })
  }

  /** Resolves when all that was added is in the log. */
  async flushed(): Promise<void> {
    await this.#sending
  }

  async #send(): Promise<void> {
    while (this.#gathered.size > 0) {
      const steps = [...this.#gathered.values().take(stepsPerFrameMax)]
      await this.#bring(this.#o.nextCounter(), steps)
      for (const step of steps) this.#gathered.delete(keyOf(step))
    }
  }

  async #bring(counter: number, steps: readonly ReachedStep[]): Promise<void> {
    const { shard, ports } = this.#o
    let sealed: { owner: Owner; frame: Uint8Array } | undefined
    for (let delayMs = retryDelayMsMin; ; delayMs = Math.min(2 * delayMs, retryDelayMsMax)) {
      const owner = this.#owners.ownerOf(shard)
      if (owner !== undefined) {
        if (sealed?.owner.epoch !== owner.epoch) sealed = { owner, frame: await this.#seal(counter, steps, owner) }
        if (await this.#append(sealed)) return
      }
      await new Promise<void>((resolve) => ports.after(delayMs * (0.5 + ports.random()), resolve))
    }
  }

  #seal(counter: number, steps: readonly ReachedStep[], { epoch }: Owner): Uint8Array | Promise<Uint8Array> {
    const { sealer, incarnation, ports } = this.#o
    const fields = { kind: frameKinds.commands, epoch, count: steps.length, incarnation, counter }
    return sealer.sealMaybe({ ...fields, clockMs: ports.nowMs() }, joinBodies(steps.map(encodeStep)))
  }

  /** @returns whether the log of the frame's owner has it */
  async #append({ owner, frame }: { owner: Owner; frame: Uint8Array }): Promise<boolean> {
    const { connectorId, shard, ports } = this.#o
    const subject = commandSubject(owner.region, shard, { kind: 'connector', id: connectorId })
    return (await ports.append(shard, subject, frame, appendTimeoutMs)).kind === 'appended'
  }
}

function keyOf({ saga, walletNumber, id, step }: ReachedStep): string {
  return `${saga}/${walletNumber}/${Buffer.from(id).toString('hex')}/${step}`
}

function encodeStep({ saga, walletNumber, id, step, reason }: ReachedStep): Uint8Array {
  return encodeCommand(saga === 'recharge' ? 'rechargeStep' : 'redemptionStep', {
    signer: signers.connector,
    keyVersion: 0,
    actor: walletNumber,
    id,
    // A step is known by its saga's id: it has no canonical bytes of its own.
    digestHigh: 0,
    digestLow: 0,
    token: 0,
    principal: 0,
    wallet: walletNumber,
    step,
    reason: codeOf[reason],
  })
}
