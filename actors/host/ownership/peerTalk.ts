import type { HostPorts } from '../ports.ts'
import type { MoveAgreement } from './moveAgreement.ts'
import type { Beat, PeerMessages, Vouch } from './peerMessages.ts'
import { positionAt } from './recordChanges.ts'
import type { RoleReplica } from './roleReplica.ts'
import type { ShardOwnership } from './shardOwnership.ts'

/** Marks that came before this replica had applied so far itself; beyond it the newest takes the last place. */
const earlyMarksMax = 1_024

type ChainedMark = { epoch: number; seq: number; position: number; chain: string }

export type PeerTalkOptions = {
  readonly shard: number
  readonly ownership: ShardOwnership
  readonly replica: RoleReplica
  readonly agreement: () => MoveAgreement
  readonly messages: PeerMessages
  readonly ports: Pick<HostPorts, 'monotonicMs' | 'random'>
  /** The other region has said something about this shard. */
  readonly heard: () => void
  /** The other region's replica is not the same as this one. */
  readonly differs: (what: string, position: number) => void
}

/** What the replicas of one shard say to each other across the regions. */
export class PeerTalk {
  readonly #o: PeerTalkOptions
  /** Of marks that are ahead of what is applied here, by position. */
  #early: ChainedMark[] = []
  #vouched: ChainedMark | undefined
  /** Before the clock in what this replica says: another's words, and those of a process before it, are not taken for its own. */
  readonly #clockName: string
  /** Standby: how the owner named the time of its newest word. */
  #heard: string | undefined

  constructor(options: PeerTalkOptions) {
    this.#o = options
    this.#clockName = `${options.ports.random().toString(36)} `
  }

  /** Standby: tells the owner that it has everything up to there. */
  vouch({ epoch, seq, position }: { epoch: number; seq: number; position: number }): void {
    const { leader, chains } = this.#o.replica
    // Of the place that is vouched for, wherever the replica stands by now.
    const chain = position === 0 ? '' : chains.at(position)
    if (leader === undefined || chain === undefined) return
    this.#vouched = { epoch, seq, position, chain }
    this.#sayVouched()
  }

  #sayVouched(): void {
    const { shard, ownership, replica, agreement, messages } = this.#o
    // What was vouched for stays true; of an epoch that is over nobody wants to hear it.
    if (this.#vouched === undefined || this.#vouched.epoch !== ownership.state.record?.epoch) return
    const { newest: digest } = replica.digests
    const { held } = agreement()
    const heard = ownership.state.intent === 'none' ? this.#heard : undefined
    messages.vouch({
      shard,
      ...this.#vouched,
      ...(heard === undefined ? {} : { heard }),
      ...(digest === undefined ? {} : { digest }),
      ...(held === undefined ? {} : { held }),
    })
  }

  /** Owner: tells its standby how it stands. */
  beat(urgent = false): void {
    const { shard, ownership, replica, agreement, messages, ports } = this.#o
    const { record, applied, committed } = ownership.state
    if (record === undefined || !ownership.owner) return
    const { newest: digest } = replica.digests
    const { moveAt } = agreement()
    const beat: Beat = {
      shard,
      epoch: record.epoch,
      applied,
      committed,
      said: `${this.#clockName}${ports.monotonicMs()}`,
      ...(digest === undefined ? {} : { digest }),
      ...(moveAt === undefined ? {} : { moveAt }),
    }
    messages.beat(beat, urgent)
  }

  /** Says at once how this replica stands, whichever role it has. */
  say(): void {
    if (this.#o.ownership.owner) this.beat(true)
    else this.#sayVouched()
  }

  onVouch(vouch: Vouch): void {
    const { ownership, heard, agreement } = this.#o
    const { record } = ownership.state
    if (record === undefined || vouch.epoch > record.epoch) void ownership.read()
    if (record === undefined || vouch.epoch !== record.epoch || !ownership.owner) return
    heard()
    const { epoch, seq, chain, heard: answered } = vouch
    // What was on its way for long, or waited here while this process stood still, is true of when it was asked for.
    if (answered?.startsWith(this.#clockName)) ownership.ownedAt(Number(answered.slice(this.#clockName.length)))
    if (this.#digestDiffers(vouch)) return
    const mark = { epoch, seq, position: positionAt(record, seq), chain }
    if (this.#early.length >= earlyMarksMax) this.#early.pop()
    this.#early.push(mark)
    this.takeMarks()
    agreement().onHeld(vouch)
  }

  /** Owner: takes in the marks up to what is applied by now, each with the chain that it must be of. */
  takeMarks(): void {
    const { ownership, replica, differs } = this.#o
    const { record, applied } = ownership.state
    let newest: ChainedMark | undefined
    while (this.#early.length > 0 && this.#early[0]!.position <= applied) newest = this.#early.shift()
    if (newest === undefined || newest.epoch !== record?.epoch) return
    const { epoch, seq, position, chain } = newest
    const own = replica.chains.at(position)
    // So far behind that the chain there is forgotten: a later mark will say more.
    if (own === undefined) return
    if (own === chain) ownership.tell({ kind: 'mark', epoch, seq })
    else differs('the log', position)
  }

  onBeat(beat: Beat): void {
    const { ownership, replica, heard, agreement } = this.#o
    const { record } = ownership.state
    if (record === undefined || beat.epoch > record.epoch) void ownership.read()
    if (record === undefined || beat.epoch !== record.epoch || ownership.owner) return
    heard()
    if (this.#digestDiffers(beat)) return
    replica.leader?.heardOwner()
    this.ownerApplied = beat.applied
    this.#heard = beat.said
    ownership.tell({ kind: 'owner-committed', epoch: beat.epoch, position: beat.committed })
    agreement().onBeat(beat)
  }

  /** Standby: how far the owner said that it was. */
  ownerApplied = 0

  #digestDiffers({ digest }: Pick<Beat, 'digest'>): boolean {
    const { replica, differs } = this.#o
    if (digest === undefined || !replica.digests.differs(digest)) return false
    differs('the state', digest.position)
    return true
  }

  /** Another epoch began, or the replica was thrown away. */
  forget(): void {
    this.#early = []
    this.#heard = undefined
    this.ownerApplied = 0
  }
}
