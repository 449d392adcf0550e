import { Accounts } from './accounts.ts'
import { Batches, batchRecordsMax } from './batches.ts'
import { Books, institutionsMax, shardsMax } from './books.ts'
import { businessDay } from './businessTime.ts'
import { Columns, type Section, tableNumber } from './columns.ts'
import { CommandIds } from './commandIds.ts'
import { DatedIds } from './datedIds.ts'
import { Deadlines } from './deadlines.ts'
import { Digest } from './digest.ts'
import { disputeSchema, disputesMax } from './disputeTable.ts'
import { joinBodies } from './frameBuilder.ts'
import { holdSchema } from './holdTable.ts'
import { bucketCount, bucketOf } from './ids.ts'
import { IssuedNumbers } from './issuedNumbers.ts'
import { Lane } from './lanes.ts'
import { mandateSchema } from './mandateTable.ts'
import { Merchants } from './merchantTable.ts'
import { merchantUserSchema } from './merchantUserTable.ts'
import { LawBroken } from './money.ts'
import { NumberedRows, numberedRowsMax } from './numberedRows.ts'
import { orderSchema } from './orderTable.ts'
import { payoutSchema, payoutsMax } from './payoutTable.ts'
import { proposalSchema, proposalsMax } from './proposalTable.ts'
import { recoveriesMax, recoverySchema } from './recoveryTable.ts'
import { Risk } from './risk.ts'
import { Rules } from './rules.ts'
import { SenderFrames } from './senderFrames.ts'
import { splitSchema } from './splitTable.ts'
import { linkSchema, principalSchema, sagaSchema, userSchema, walletSchema } from './stateTables.ts'

/** What a log's first command fixes for ever. */
export type Genesis = {
  shard: number
  shardCount: number
  walletsMax: number
  idsMax: number
  hashKey: Uint8Array
}

export const walletStates = { open: 0, frozen: 1, closed: 2 } as const

/** Most sagas and dated ids that a shard holds; a shard that remembers fewer ids holds no more of these. */
const sagasMax = 262_144
const datedIdsMax = 1_048_576
/** Most batches that a shard remembers, and most of their records: of a quarter of a million a second for 17 minutes. */
const batchesMax = 524_288
const batchRecordsPerId = 128
const batchRecordsAllMax = 268_435_456
const stateVersion = 9

/** Everything that one shard's log has made so far. Only the rules in this folder write to it. */
export class State {
  readonly genesis: Genesis
  readonly digest: Digest
  readonly books = new Books()
  readonly rules = new Rules()
  readonly senders = new SenderFrames()
  readonly accounts: Accounts
  readonly wallets: Columns<typeof walletSchema>
  readonly users: Columns<typeof userSchema>
  readonly links: Columns<typeof linkSchema>
  readonly sagas: Columns<typeof sagaSchema>
  readonly principals: Columns<typeof principalSchema>
  readonly walletRows: IssuedNumbers
  readonly userRows: IssuedNumbers
  readonly ids: CommandIds
  readonly datedIds: DatedIds
  readonly batches: Batches
  readonly orders: NumberedRows<typeof orderSchema>
  readonly holds: NumberedRows<typeof holdSchema>
  readonly merchants: Merchants
  readonly splits: NumberedRows<typeof splitSchema>
  readonly mandates: NumberedRows<typeof mandateSchema>
  readonly recoveries: NumberedRows<typeof recoverySchema>
  readonly payouts: NumberedRows<typeof payoutSchema>
  readonly disputes: NumberedRows<typeof disputeSchema>
  readonly merchantUsers: NumberedRows<typeof merchantUserSchema>
  readonly deadlines: Deadlines
  readonly risk: Risk
  readonly proposals: Columns<typeof proposalSchema>
  /** By peer shard: what is owed to it. */
  readonly lanes: readonly Lane[]
  /** By peer shard: number of the next record awaited from it, incarnation, and how many returns were exchanged. */
  readonly received = new Float64Array(shardsMax)
  readonly receivedIncarnation = new Uint32Array(shardsMax)
  readonly returnsIssued = new Float64Array(shardsMax)
  readonly returnsApplied = new Float64Array(shardsMax)
  incarnation = 0
  /** Next serial of users and of wallets, by bucket. */
  readonly userSerials = new Uint32Array(bucketCount)
  readonly walletSerials = new Uint32Array(bucketCount)
  /** Rows of sagas: not final, by order of request; final, by order of their end; free for reuse. */
  openSagas = new Set<number>()
  finalSagas: number[] = []
  freeSagas: number[] = []
  /** Row of every saga still held, by `sagaKey`. */
  readonly sagaRows = new Map<string, number>()
  /** By row of a wallet: how many of them are its. */
  readonly sagasHeld = new Map<number, number>()
  readonly #shardOfBucket: Uint8Array
  logTimeMs = 0
  /** Business day of the log time. */
  today = 0
  lastSeq = 0
  commandsApplied = 0

  constructor(genesis: Genesis) {
    this.genesis = genesis
    this.#shardOfBucket = Uint8Array.from({ length: bucketCount }, (_, bucket) => bucket % genesis.shardCount)
    const key = new DataView(genesis.hashKey.buffer, genesis.hashKey.byteOffset, 16)
    const tableKey = key.getUint32(0, true) ^ key.getUint32(12, true)
    this.digest = new Digest(genesis.hashKey)
    this.accounts = new Accounts(genesis.walletsMax)
    this.wallets = new Columns('wallets', walletSchema, genesis.walletsMax)
    this.users = new Columns('users', userSchema, genesis.walletsMax)
    this.links = new Columns('links', linkSchema, genesis.walletsMax)
    this.sagas = new Columns('sagas', sagaSchema, Math.min(sagasMax, genesis.idsMax))
    this.principals = new Columns('principals', principalSchema, 2 * institutionsMax)
    this.walletRows = new IssuedNumbers(this.wallets.at.number, genesis.shard, genesis.shardCount, tableKey)
    this.userRows = new IssuedNumbers(this.users.at.number, genesis.shard, genesis.shardCount, tableKey)
    this.ids = new CommandIds(genesis.idsMax, this.digest, tableKey)
    this.datedIds = new DatedIds(Math.min(datedIdsMax, genesis.idsMax), this.digest, tableKey)
    this.batches = new Batches(
      Math.min(batchesMax, genesis.idsMax),
      Math.max(batchRecordsMax, Math.min(batchRecordsAllMax, genesis.idsMax * batchRecordsPerId)),
      genesis.shardCount,
      this.digest,
    )
    const rows = Math.min(numberedRowsMax, genesis.idsMax)
    this.orders = new NumberedRows('orders', orderSchema, 'orderNo', rows, this.digest, tableKey)
    this.holds = new NumberedRows('holds', holdSchema, 'id', rows, this.digest, tableKey)
    this.merchants = new Merchants(genesis.walletsMax, this.digest, tableKey)
    this.splits = new NumberedRows('splits', splitSchema, 'name', rows, this.digest, tableKey)
    this.mandates = new NumberedRows('mandates', mandateSchema, 'id', rows, this.digest, tableKey)
    const recoveries = Math.min(recoveriesMax, genesis.idsMax)
    this.recoveries = new NumberedRows('recoveries', recoverySchema, 'name', recoveries, this.digest, tableKey)
    const payouts = Math.min(payoutsMax, genesis.idsMax)
    const disputes = Math.min(disputesMax, genesis.idsMax)
    this.payouts = new NumberedRows('payouts', payoutSchema, 'name', payouts, this.digest, tableKey)
    this.disputes = new NumberedRows('disputes', disputeSchema, 'name', disputes, this.digest, tableKey)
    this.merchantUsers = new NumberedRows('merchantUsers', merchantUserSchema, 'name', rows, this.digest, tableKey)
    this.deadlines = new Deadlines(3 * rows + recoveries + payouts + disputes, this.digest)
    this.risk = new Risk(genesis.walletsMax, this.digest, tableKey)
    this.proposals = new Columns('proposals', proposalSchema, proposalsMax)
    this.lanes = Array.from({ length: genesis.shardCount }, () => new Lane())
  }

  /** Called after every change of a wallet's account. */
  settleAccount(row: number): void {
    this.accounts.settle(this.digest, row)
  }

  /** Moves log time on; it never falls. */
  tellTime(ms: number): void {
    this.logTimeMs = Math.max(this.logTimeMs, ms)
    this.today = businessDay(this.logTimeMs)
    this.rules.advance(this.logTimeMs)
    this.risk.rules.advance(this.logTimeMs)
  }

  /** How many versions of limits and risk rules have come into force: every judgement is kept with it. */
  get ruleVersion(): number {
    return this.rules.version + this.risk.rules.version
  }

  /** Shard that a number belongs to; -1 of what is no number at all. */
  shardOf(number: number): number {
    const bucket = bucketOf(number)
    return bucket >= 0 ? this.#shardOfBucket[bucket | 0]! : -1
  }

  /** Row of an institution or operator that may act, or -1. */
  activePrincipal(number: number, role: number): number {
    const { number: numbers, role: roles, active } = this.principals.at
    for (let row = 0; row < this.principals.count; row++) {
      if (numbers[row] === number && roles[row] === role) return active[row] === 1 ? row : -1
    }
    return -1
  }

  /** Digest of everything but what replicas may hold differently (lanes already acknowledged). */
  digestText(): string {
    const whole = new Digest(this.genesis.hashKey)
    whole.high = this.digest.high
    whole.low = this.digest.low
    for (const { name, bytes } of this.#smallSections()) {
      whole.begin(tableNumber(name), bytes.length)
      whole.bytes(bytes, 0, bytes.length)
      whole.end(1)
    }
    return whole.text()
  }

  #smallSections(): Section[] {
    const bytes = (array: Float64Array | Uint32Array): Uint8Array =>
      new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
    const counters = Float64Array.of(
      stateVersion,
      this.logTimeMs,
      this.lastSeq,
      this.commandsApplied,
      this.incarnation,
      this.wallets.count,
      this.users.count,
      this.links.count,
      this.sagas.count,
      this.principals.count,
      this.ids.head,
      this.ids.tail,
      this.datedIds.head,
      this.datedIds.tail,
      ...this.lanes.map((lane) => lane.next),
      ...this.lanes.map((lane) => lane.groups.next),
    )
    return [
      { name: 'counters', bytes: bytes(counters) },
      { name: 'batchCounters', bytes: bytes(this.batches.counters()) },
      { name: 'orderCounters', bytes: bytes(Float64Array.from(this.orders.counters())) },
      { name: 'holdCounters', bytes: bytes(Float64Array.from(this.holds.counters())) },
      { name: 'merchantCounters', bytes: bytes(Float64Array.of(this.merchants.columns.count)) },
      { name: 'splitCounters', bytes: bytes(Float64Array.from(this.splits.counters())) },
      { name: 'mandateCounters', bytes: bytes(Float64Array.from(this.mandates.counters())) },
      { name: 'recoveryCounters', bytes: bytes(Float64Array.from(this.recoveries.counters())) },
      { name: 'payoutCounters', bytes: bytes(Float64Array.from(this.payouts.counters())) },
      { name: 'disputeCounters', bytes: bytes(Float64Array.from(this.disputes.counters())) },
      { name: 'merchantUserCounters', bytes: bytes(Float64Array.from(this.merchantUsers.counters())) },
      { name: 'books', bytes: bytes(this.books.save()) },
      { name: 'rules', bytes: bytes(this.rules.save()) },
      { name: 'riskRules', bytes: bytes(this.risk.rules.save()) },
      { name: 'proposalCount', bytes: bytes(Float64Array.of(this.proposals.count)) },
      { name: 'senders', bytes: bytes(this.senders.save()) },
      { name: 'received', bytes: bytes(this.received.slice()) },
      { name: 'receivedIncarnation', bytes: bytes(this.receivedIncarnation.slice()) },
      { name: 'returnsIssued', bytes: bytes(this.returnsIssued.slice()) },
      { name: 'returnsApplied', bytes: bytes(this.returnsApplied.slice()) },
      { name: 'userSerials', bytes: bytes(this.userSerials.slice()) },
      { name: 'walletSerials', bytes: bytes(this.walletSerials.slice()) },
      { name: 'openSagas', bytes: bytes(Float64Array.from(this.openSagas)) },
      { name: 'finalSagas', bytes: bytes(Float64Array.from(this.finalSagas)) },
      { name: 'freeSagas', bytes: bytes(Float64Array.from(this.freeSagas)) },
    ]
  }

  /** All of the state as named sections. Views into live columns: copy them before the next frame is applied. */
  sections(): Section[] {
    const lanes = this.laneSections().map(({ name, parts }) => ({ name, bytes: joinBodies(parts) }))
    return [...this.columnSections(), ...lanes]
  }

  /** What is owed to others. Views of what never changes: they may be read while frames are applied. */
  laneSections(): { name: string; parts: readonly Uint8Array[] }[] {
    return this.lanes.flatMap((lane, peer) => {
      const { records, groups } = lane.views()
      return [
        { name: `lane.${peer}`, parts: records },
        { name: `laneGroups.${peer}`, parts: groups },
      ]
    })
  }

  /** All but what is owed to others. Views into live columns: copy them before the next frame is applied. */
  columnSections(): Section[] {
    const kept = Float64Array.from([...this.lanes, ...this.lanes.map((lane) => lane.groups)], (one) => one.kept)
    return [
      ...this.#smallSections(),
      { name: 'genesis', bytes: this.#genesisBytes() },
      { name: 'digest', bytes: new Uint8Array(Uint32Array.of(this.digest.high, this.digest.low).buffer) },
      { name: 'lanesKept', bytes: new Uint8Array(kept.buffer) },
      ...this.accounts.sections(),
      ...this.wallets.sections(),
      ...this.users.sections(),
      ...this.links.sections(),
      ...this.sagas.sections(),
      ...this.principals.sections(),
      ...this.ids.sections(),
      ...this.datedIds.sections(),
      ...this.batches.sections(),
      ...this.orders.sections(),
      ...this.holds.sections(),
      ...this.merchants.sections(),
      ...this.splits.sections(),
      ...this.mandates.sections(),
      ...this.recoveries.sections(),
      ...this.payouts.sections(),
      ...this.disputes.sections(),
      ...this.merchantUsers.sections(),
      ...this.deadlines.sections(),
      ...this.risk.sections(),
      ...this.proposals.sections(),
    ]
  }

  #genesisBytes(): Uint8Array {
    const { shard, shardCount, walletsMax, idsMax, hashKey } = this.genesis
    const out = new Uint8Array(32)
    new Uint32Array(out.buffer, 0, 4).set([shard, shardCount, walletsMax, idsMax])
    out.set(hashKey, 16)
    return out
  }

  /**
   * Makes the state that `sections` were taken from.
   * @throws RangeError when a section is missing or does not fit; LawBroken when the books do not add up.
   */
  static load(sections: readonly Section[]): State {
    const byName = new Map(sections.map(({ name, bytes }) => [name, bytes]))
    const words = new Uint32Array(need(byName, 'genesis').slice(0, 16).buffer)
    const [shard = 0, shardCount = 0, walletsMax = 0, idsMax = 0] = words
    const state = new State({ shard, shardCount, walletsMax, idsMax, hashKey: need(byName, 'genesis').slice(16, 32) })
    state.#loadSmall(byName)
    state.walletRows.rebuild(state.wallets.count)
    state.userRows.rebuild(state.users.count)
    state.audit()
    return state
  }

  #loadSmall(byName: ReadonlyMap<string, Uint8Array>): void {
    const f64 = (name: string): Float64Array => new Float64Array(need(byName, name).slice().buffer)
    const u32 = (name: string): Uint32Array => new Uint32Array(need(byName, name).slice().buffer)
    const counters = f64('counters')
    const [version, logTimeMs = 0, lastSeq = 0, commands = 0, incarnation = 0] = counters
    if (version !== stateVersion) {
      const way = 'without its snapshots the shard replays its log from the beginning'
      throw new RangeError(`a snapshot of state version ${version}, this release reads ${stateVersion}; ${way}`)
    }
    this.lastSeq = lastSeq
    this.commandsApplied = commands
    this.incarnation = incarnation
    const tables = [this.wallets, this.users, this.links, this.sagas, this.principals]
    for (const [i, table] of tables.entries()) table.load(counters[5 + i]!, byName)
    this.accounts.load(this.wallets.count, byName)
    // What a row counts for is worked out and not believed; the sum of all was saved with the rest.
    this.accounts.settleAll(new Digest(this.genesis.hashKey))
    this.ids.load(counters[11]!, counters[10]!, byName)
    this.datedIds.load(counters[13]!, counters[12]!, byName)
    this.batches.load(f64('batchCounters'), f64('batches'), need(byName, 'batchOutcomes'))
    const [orderCount = 0, firstFreeOrder = 0] = f64('orderCounters')
    this.orders.load(orderCount, firstFreeOrder, byName)
    const [holdCount = 0, firstFreeHold = 0] = f64('holdCounters')
    this.holds.load(holdCount, firstFreeHold, byName)
    this.merchants.load(f64('merchantCounters')[0]!, byName)
    const [splitCount = 0, firstFreeSplit = 0] = f64('splitCounters')
    this.splits.load(splitCount, firstFreeSplit, byName)
    const [mandateCount = 0, firstFreeMandate = 0] = f64('mandateCounters')
    this.mandates.load(mandateCount, firstFreeMandate, byName)
    const [recoveryCount = 0, firstFreeRecovery = 0] = f64('recoveryCounters')
    this.recoveries.load(recoveryCount, firstFreeRecovery, byName)
    const [payoutCount = 0, firstFreePayout = 0] = f64('payoutCounters')
    this.payouts.load(payoutCount, firstFreePayout, byName)
    const [disputeCount = 0, firstFreeDispute = 0] = f64('disputeCounters')
    this.disputes.load(disputeCount, firstFreeDispute, byName)
    const [userCount = 0, firstFreeUser = 0] = f64('merchantUserCounters')
    this.merchantUsers.load(userCount, firstFreeUser, byName)
    this.deadlines.load(f64('deadlines.time'), f64('deadlines.thing'))
    const kept = f64('lanesKept')
    const shards = this.lanes.length
    for (const [peer, lane] of this.lanes.entries()) {
      lane.loadRecords(kept[peer]!, counters[14 + peer]!, need(byName, `lane.${peer}`))
      lane.loadGroups(kept[shards + peer]!, counters[14 + shards + peer]!, need(byName, `laneGroups.${peer}`))
    }
    this.books.load(f64('books'))
    this.rules.load(f64('rules'))
    this.risk.rules.load(f64('riskRules'))
    this.risk.load(byName)
    this.proposals.load(f64('proposalCount')[0]!, byName)
    this.senders.load(f64('senders'))
    this.received.set(f64('received'))
    this.receivedIncarnation.set(u32('receivedIncarnation'))
    this.returnsIssued.set(f64('returnsIssued'))
    this.returnsApplied.set(f64('returnsApplied'))
    this.userSerials.set(u32('userSerials'))
    this.walletSerials.set(u32('walletSerials'))
    this.openSagas = new Set(f64('openSagas'))
    this.finalSagas = [...f64('finalSagas')]
    this.freeSagas = [...f64('freeSagas')]
    for (const row of [...this.openSagas, ...this.finalSagas]) {
      this.sagaRows.set(this.#keyOfSaga(row), row)
      this.countSaga(this.sagas.at.wallet[row]!, 1)
    }
    const [high = 0, low = 0] = u32('digest')
    this.digest.high = high
    this.digest.low = low
    this.tellTime(logTimeMs)
  }

  /** Counts a saga that a wallet has more, or with -1 less. */
  countSaga(wallet: number, delta: number): void {
    const held = (this.sagasHeld.get(wallet) ?? 0) + delta
    if (held === 0) this.sagasHeld.delete(wallet)
    else this.sagasHeld.set(wallet, held)
  }

  #keyOfSaga(row: number): string {
    const { wallet, id } = this.sagas.at
    return sagaKey(this.wallets.at.number[wallet[row]!]!, id, row * 16)
  }

  /** Recounts the columns against the running sums. @throws LawBroken on any difference. */
  audit(): void {
    const { accounts } = this
    let [sum, aside] = [0, 0]
    for (let row = 0; row < this.wallets.count; row++) {
      const [balance, held] = [accounts.balance(row), accounts.held(row)]
      if (!(balance >= 0 && held >= 0 && accounts.pendingIn(row) >= held)) {
        throw new LawBroken(`wallet row ${row} is below zero`)
      }
      sum += balance
      aside += held
    }
    if (sum !== this.books.wallets) throw new LawBroken(`wallets hold ${sum} fen, the books say ${this.books.wallets}`)
    if (aside !== this.books.held) throw new LawBroken(`${aside} fen are held, the books say ${this.books.held}`)
    this.books.check()
  }
}

function need(sections: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  const bytes = sections.get(name)
  if (bytes === undefined) throw new RangeError(`the snapshot lacks its section ${name}`)
  return bytes
}

/** A saga is found by the wallet's number and the 16 bytes of its command id. */
export function sagaKey(wallet: number, id: Uint8Array, at: number): string {
  let key = `${wallet}.`
  for (let i = 0; i < 16; i += 2) key += String.fromCharCode(id[at + i]! * 256 + id[at + i + 1]!)
  return key
}
