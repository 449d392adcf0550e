import type { Logger } from 'pino'
import type { HostPorts } from '../ports.ts'
import { type Alarm, Alarms } from './alarms.ts'
import type { MoveAgreement } from './moveAgreement.ts'
import type { ShardOwnership } from './shardOwnership.ts'

const readEveryMs = 1_000
const tickEveryMs = 500
const soloRenewMs = 1_000
/** What is intended and was not asked for within this time is dropped. */
const intentMsMax = 3_000

export type RoundsOptions = {
  readonly shard: number
  readonly ownership: ShardOwnership
  readonly agreement: MoveAgreement
  readonly ports: Pick<HostPorts, 'monotonicMs'>
  readonly logger: Logger
  /** Past the link between the regions: does the other region's server answer? */
  readonly peerAnswers: () => Promise<boolean>
  readonly autoTakeoverMs: number
  /** Says again what the other region and the followers should know. */
  readonly repeat: () => void
}

/** What has to be done about a shard as time passes, in rounds that all shards of a worker share. */
export class Rounds {
  readonly #o: RoundsOptions
  readonly #alarms: Alarms
  #readMs = Number.NEGATIVE_INFINITY
  #tickMs = Number.NEGATIVE_INFINITY
  #renewedMs = Number.NEGATIVE_INFINITY
  #intended = { intent: 'none', sinceMs: 0 }
  #checking = false

  constructor(options: RoundsOptions) {
    this.#o = options
    this.#alarms = new Alarms(options.ports.monotonicMs(), options.autoTakeoverMs)
  }

  get heardMsAgo(): number {
    return this.#alarms.heardMsAgo(this.#o.ports.monotonicMs())
  }

  /** A message about this shard came from the other region, or an entry of its log. */
  heard(): void {
    this.#alarms.heard(this.#o.ports.monotonicMs())
  }

  /** To be called every `roundEveryMs`. */
  round(): void {
    const { ownership, agreement, ports, repeat } = this.#o
    const nowMs = ports.monotonicMs()
    agreement.round()
    if (nowMs - this.#readMs >= readEveryMs) {
      this.#readMs = nowMs
      void ownership.read()
    }
    if (ownership.state.record === undefined) return
    if (nowMs - this.#tickMs >= tickEveryMs) {
      this.#tickMs = nowMs
      ownership.tell({ kind: 'tick' })
      repeat()
    }
    this.#renew(nowMs)
    this.#dropIntent(nowMs)
    const alarm = this.#alarms.round(nowMs, ownership.state)
    if (alarm !== undefined && !this.#checking) void this.#lookInto(alarm)
  }

  #renew(nowMs: number): void {
    const { ownership } = this.#o
    if (!ownership.owner || ownership.state.record?.mode !== 'solo' || nowMs - this.#renewedMs < soloRenewMs) return
    this.#renewedMs = nowMs
    ownership.tell({ kind: 'renew' })
    if (ownership.state.alone === 0) void this.#giveSoloBack()
  }

  /** An owner whose own log is dead leaves the shard to its peer, if nobody was told anything since it is alone. */
  async #giveSoloBack(): Promise<void> {
    const { ownership, logger, shard } = this.#o
    if ((await ownership.ends()) !== undefined || ownership.state.alone !== 0) return
    logger.warn({ shard }, 'the own log is dead: solo is given back')
    ownership.tell({ kind: 'want-sync' })
  }

  #dropIntent(nowMs: number): void {
    const { ownership, shard, logger } = this.#o
    const { intent, asked } = ownership.state
    if (intent !== this.#intended.intent) this.#intended = { intent, sinceMs: nowMs }
    if (intent === 'none' || asked !== undefined || nowMs - this.#intended.sinceMs < intentMsMax) return
    logger.warn({ shard, intent }, 'takes too long, dropped')
    this.#alarms.putOff(nowMs)
    ownership.tell({ kind: 'abandon' })
  }

  /** A suspicion is looked into before anything is asked of the witness. */
  async #lookInto(alarm: Alarm): Promise<void> {
    this.#checking = true
    try {
      await this.#answer(alarm)
    } finally {
      this.#checking = false
    }
  }

  async #answer(alarm: Alarm): Promise<void> {
    const { shard, ownership, logger, peerAnswers, ports } = this.#o
    const { peerMark, applied } = ownership.state
    if (alarm === 'peer-close') {
      ownership.tell({ kind: 'want-sync' })
      return
    }
    if (alarm === 'peer-quiet' && (await peerAnswers())) return
    if ((alarm === 'peer-silent' || alarm === 'peer-quiet') && (await ownership.ends()) !== undefined) {
      logger.warn({ shard, marked: peerMark, applied }, 'the peer is silent')
      ownership.tell({ kind: 'silent' })
    } else if (alarm === 'owner-gone' && !(await peerAnswers())) {
      logger.warn({ shard, heardMsAgo: Math.round(this.heardMsAgo) }, 'the owner is gone')
      ownership.tell({ kind: 'takeover' })
    }
    this.#alarms.putOff(ports.monotonicMs())
  }
}
