import { generateKeyPairSync } from 'node:crypto'
import { ensureGenesis } from '../../actors/host/genesis.ts'
import { Leader } from '../../actors/host/leader.ts'
import { encodeCommand, systemHead } from '../../actors/ledger/frameBuilder.ts'
import { parseWalletId } from '../../actors/ledger/ids.ts'
import { frameKinds, rechargeSteps, redemptionSteps, signers } from '../../actors/ledger/records.ts'
import { codeOf, type Refusal } from '../../actors/ledger/refusals.ts'
import { viewWallet } from '../../actors/ledger/views.ts'
import { createBlobs } from '../../actors/log/blobs.ts'
import type { Effect } from '../../actors/log/effects.ts'
import { decodeJson, encodeJson } from '../../actors/log/jsonBytes.ts'
import { regionPurposes } from '../../actors/log/keyRing.ts'
import { memoryKeyRing } from '../../actors/log/memoryKeyRing.ts'
import { type AppendFate, MemoryLog } from '../../actors/log/memoryLog.ts'
import { OwnerTable } from '../../actors/log/ownerDirectory.ts'
import { firstOwnerRecord } from '../../actors/log/ownerRecord.ts'
import { caseTexts, userLabels } from '../../actors/log/personalTexts.ts'
import { Replica } from '../../actors/log/replica.ts'
import { createOpener, createSealer } from '../../actors/log/sealing.ts'
import { commandSubject } from '../../actors/log/subjects.ts'
import { type RateLimitSettings, RateLimits } from '../auth/rateLimits.ts'
import { importWalletKey, verifyEcdsa } from '../auth/signatureAlgorithms.ts'
import { siteOf } from '../auth/site.ts'
import { newId, newWalletKey, principalSigner, type WalletKey, walletSigner } from '../client/node.ts'
import type { RequestSigner } from '../client/requests.ts'
import { EventHub } from '../events/eventHub.ts'
import { Gateway } from '../gateway/gateway.ts'
import { ShardUnavailable } from '../gateway/ports.ts'
import { PayLinks } from '../pay/payLinks.ts'
import { LiveCounts } from '../region/liveCounts.ts'
import { LiveStreams } from '../region/liveStream.ts'
import { accountVault } from './accounts.ts'
import { createApp } from './app.ts'
import { Authentication } from './authentication.ts'
import type { Inspection } from './inspection.ts'
import type {
  EntriesPage,
  Followed,
  Found,
  Journal,
  JournalDispute,
  JournalEvent,
  JournalMerchantUser,
  JournalName,
  JournalOrder,
  JournalPayment,
  JournalProposal,
  JournalStanding,
  OrdersPage,
  PayeeMandatesPage,
  StatementRead,
} from './journal.ts'
import { nameVault } from './legalName.ts'
import { orderNoIn } from './orderNo.ts'
import { PaymentDesk, type VerifySignature } from './paymentDesk.ts'
import { calmRegion, inspectionNow, oneDrill, oneOfEach } from './testInspection.ts'
import { type Asking, signatureOf, type Told, toldBy } from './testRequest.ts'
import { StandbyCopies } from './testStandby.ts'
import { webhooksTold } from './testWebhooks.ts'
import type { Web } from './web.ts'
import type { JournalWebhook } from './webhookJournal.ts'
import { webhookSecretVault } from './webhookSecretVault.ts'

const region = 'a'
const shardCount = 2
const noLimits: RateLimitSettings = { addressPerSecondMax: 1e6, walletPerSecondMax: 1e6, principalPerSecondMax: 1e6 }

export type TestPrincipal = {
  readonly signer: RequestSigner
  readonly publicKey: Uint8Array
  /** Its private key. */
  readonly pem: string
}
export type TestWallet = {
  readonly userId: string
  readonly walletId: string
  readonly key: WalletKey
  readonly signer: RequestSigner
}

function principal(keyId: string): TestPrincipal {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const signer = principalSigner(keyId, pem)
  return { signer, pem, publicKey: Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url') }
}

/**
 * The API in this thread: the application, the gateway and the leaders as they are in production, over logs in memory.
 * What happens to frames and answers, and what the bank says, is the test's to tell.
 */
export class TestApi {
  readonly institution = principal('institution:1')
  readonly otherInstitution = principal('institution:2')
  readonly operator = principal('operator:1')
  readonly otherOperator = principal('operator:2')
  readonly ring = memoryKeyRing(regionPurposes(shardCount))
  readonly logs: readonly MemoryLog[]
  readonly faults: string[] = []
  readonly site = siteOf('https://edge.test')
  fateOfAppend: () => AppendFate = () => 'store'
  answersLost = false
  leading = true
  /** What the bank does with the next step of a saga: undefined when it stays silent. */
  bank: (effect: Effect) => { step: number; reason: Refusal } | undefined = payingBank
  /** What the journal has written down; away until a test gives it something. */
  journal: readonly JournalPayment[] | undefined
  orders: OrdersPage | undefined
  entries: EntriesPage | undefined
  /** By which mandates the journal says every payee is paid. */
  payeeMandates: PayeeMandatesPage | undefined
  /** What the journal has written down of every merchant's sub-users; away until a test gives it something. */
  merchantUsers: readonly JournalMerchantUser[] | undefined
  /** Cases that the journal has written down. */
  disputes: readonly JournalDispute[] | undefined
  /** What the journal makes every statement of. */
  statement: StatementRead | undefined
  proposals: readonly JournalProposal[] | undefined
  standings: readonly JournalStanding[] | undefined
  /** What the journal tells every wallet of; away until a test gives it something. */
  events: { followed: readonly Followed[]; events: readonly JournalEvent[] } | undefined
  /** Names that the journal has written down, by user number; away until a test gives it some. */
  names: ReadonlyMap<number, JournalName> | undefined
  inspection: Inspection = oneOfEach
  /** Events that every merchant was told of; away until a test gives it some. */
  told: readonly JournalWebhook[] | undefined
  readonly live = new LiveStreams(new LiveCounts(Date.now), { look: async () => calmRegion })
  /** What the journal says that every order says of itself. */
  orderText: string | undefined
  readonly owners = new OwnerTable()
  readonly #copies = new StandbyCopies(this.ring)
  readonly gateway: Gateway
  readonly #leaders: readonly Leader[]
  readonly app: ReturnType<typeof createApp>
  readonly web: Web
  #counter = 0

  constructor(options: { rateLimits?: Partial<RateLimitSettings>; deadlineMs?: number } = {}) {
    this.logs = Array.from({ length: shardCount }, () => {
      const fateOf = (subject: string) => (subject.includes('.edge.') ? this.fateOfAppend() : 'store')
      return new MemoryLog({ fateOf, defer: (work) => setImmediate(work) })
    })
    this.#leaders = this.logs.map((_, shard) => this.#leader(shard))
    for (let shard = 0; shard < shardCount; shard++) this.owners.take(shard, firstOwnerRecord(region, 'sync'), 1)
    this.gateway = new Gateway({
      region,
      owners: this.owners,
      edgeId: '1',
      shardCount,
      incarnation: 7,
      sealerFor: (shard) => createSealer(this.ring, shard),
      deadlineMs: options.deadlineMs ?? 5_000,
      ports: {
        ...world,
        append: (shard, subject, frame, timeoutMs) => this.logs[shard]!.append(subject, frame, { timeoutMs }),
        request: (shard, query, _timeoutMs, from) => this.#answerQuery(shard, query, from),
        connected: () => true,
        onFault: (what) => this.faults.push(what),
      },
    })
    this.web = this.#createWeb({ ...noLimits, ...options.rateLimits })
    this.app = createApp(this.web, { ready: () => ({ ready: this.leading, detail: {} }) })
  }

  #createWeb(rateLimits: RateLimitSettings): Web {
    const verify: VerifySignature = async ({ algorithm, key }, message, signature) =>
      // As the verifying threads do it: under what is no point of the curve nothing is signed.
      key[0] !== 0 && verifyEcdsa(importWalletKey(algorithm, key), message, signature)
    const limits = new RateLimits(rateLimits, undefined, 1)
    const { gateway } = this
    const services = {
      gateway,
      events: this.#eventHub(),
      vault: accountVault(this.ring, createBlobs(this.ring)),
      names: nameVault(createBlobs(this.ring)),
      cases: caseTexts(createBlobs(this.ring)),
      labels: userLabels(createBlobs(this.ring)),
      journal: this.#journal(),
      payments: new PaymentDesk(gateway, verify, this.#journal(), limits, this.site),
      site: this.site,
      payLinks: new PayLinks(this.ring),
      webhooks: webhooksTold(() => this.told),
      webhookSecrets: webhookSecretVault(this.ring),
      loopbackCallbacks: false,
      inspection: inspectionNow(() => this.inspection),
      watch: { look: async () => calmRegion },
      drills: oneDrill,
      nowMs: () => Date.now(),
      after: (delayMs: number) => new Promise<void>((resolve) => setTimeout(resolve, delayMs)),
    }
    const onFault = (what: string): unknown => this.faults.push(what)
    const authentication = new Authentication(gateway, verify, this.site)
    const { live } = this
    return { services, authentication, limits, live, proxies: new Set<string>(), onFault, onAnswered: () => undefined }
  }

  #eventHub(): EventHub {
    return new EventHub({
      ...world,
      journal: this.#journal(),
      shardOf: (wallet) => this.gateway.shardOf(wallet),
      onFault: (what) => this.faults.push(what),
    })
  }

  #leader(shard: number): Leader {
    const ports = {
      ...world,
      publish: (subject: string, message: Uint8Array) =>
        void setImmediate(() => this.#deliver(shard, subject, message)),
      append: (to: number, subject: string, frame: Uint8Array) => this.logs[to]!.append(subject, frame),
      onError: (error: unknown) => this.faults.push(String(error)),
    }
    const replica = new Replica(shard, createOpener(this.ring, { shard }))
    const sealerFor = (to: number) => createSealer(this.ring, to)
    return new Leader({ region, workerId: 'w', incarnation: 1, replica, sealerFor, ports })
  }

  #deliver(shard: number, subject: string, message: Uint8Array): void {
    if (subject.startsWith('res.') && !this.answersLost) this.gateway.onAnswer(message)
    if (subject.startsWith('mark.')) for (const leader of this.#leaders) leader.onMark(message)
    if (!subject.startsWith('fx.')) return
    const effect = decodeJson(message) as Effect
    const told = this.bank(effect)
    if (told !== undefined) void this.#tellStep(shard, effect, told)
  }

  async #tellStep(shard: number, effect: Effect, { step, reason }: { step: number; reason: Refusal }): Promise<void> {
    const op = effect.saga === 'recharge' ? 'rechargeStep' : 'redemptionStep'
    const by = { ...systemHead, signer: signers.connector }
    const code = reason === 'accepted' ? 0 : codeOf[reason]
    const body = encodeCommand(op, { ...by, id: effect.id, wallet: effect.walletNumber, step, reason: code })
    const fields = { kind: frameKinds.commands, epoch: 0, count: 1, incarnation: 3, counter: ++this.#counter }
    const frame = createSealer(this.ring, shard).seal({ ...fields, clockMs: Date.now() }, body)
    await this.logs[shard]!.append(commandSubject(region, shard, { kind: 'connector', id: '1' }), frame)
  }

  /** In the owner's region the leader answers, in another one a copy. */
  async #answerQuery(shard: number, message: Uint8Array, asked: string): Promise<Uint8Array> {
    if (asked !== this.owners.ownerOf(shard)!.region) return this.#copies.answer(shard, message)
    if (!this.leading) throw new ShardUnavailable(shard, 'no-leader')
    return encodeJson(await this.#leaders[shard]!.onQuery(message))
  }

  /** The edge finds itself in a region that owns no shard; its copies follow no further than now. */
  becomeStandby(): void {
    for (const { replica } of this.#leaders) {
      this.#copies.take(replica)
      this.owners.take(replica.shard, firstOwnerRecord('b', 'sync'), 2)
    }
  }

  #journal(): Journal {
    const away = async () => ({ kind: 'away' }) as const
    return {
      payment: async (payer, id) => {
        if (this.journal === undefined) return { kind: 'away' }
        const record = this.journal.find((one) => one.payer === payer && Buffer.compare(one.id, id) === 0)
        return record === undefined ? { kind: 'none' } : { kind: 'found', record }
      },
      paymentsById: async (id) => {
        if (this.journal === undefined) return { kind: 'away' }
        return { kind: 'found', record: this.journal.filter((one) => Buffer.compare(one.id, id) === 0) }
      },
      paymentsOfBatch: async (id) => {
        if (this.journal === undefined) return { kind: 'away' }
        const record = this.journal.filter((one) => Buffer.compare(one.id.subarray(8, 14), id.subarray(8, 14)) === 0)
        return record.length === 0 ? { kind: 'none' } : { kind: 'found', record }
      },
      saga: async () => (this.journal === undefined ? { kind: 'away' } : { kind: 'none' }),
      entries: async () => (this.entries === undefined ? { kind: 'away' } : { kind: 'found', record: this.entries }),
      order: (merchant, orderNo) => this.#writtenOrder(merchant, orderNo),
      orders: async () => (this.orders === undefined ? { kind: 'away' } : { kind: 'found', record: this.orders }),
      refunds: async () =>
        this.orders === undefined
          ? { kind: 'away' }
          : { kind: 'found', record: { refunds: [], followed: this.orders.followed } },
      holds: async () =>
        this.orders === undefined
          ? { kind: 'away' }
          : { kind: 'found', record: { holds: [], followed: this.orders.followed, more: false } },
      merchant: away,
      merchantUsers: async (_merchant, number) => {
        if (this.merchantUsers === undefined) return { kind: 'away' }
        const record = this.merchantUsers.filter((one) => number === undefined || one.number === number)
        return { kind: 'found', record }
      },
      disputes: async () => {
        if (this.disputes === undefined) return { kind: 'away' }
        const followed = { shard: 0, seq: 9, timeMs: Date.now() }
        return { kind: 'found', record: { disputes: this.disputes, followed } }
      },
      statement: async () => {
        if (this.statement === undefined) return { kind: 'away' }
        return { kind: 'found', record: this.statement }
      },
      orderOfPayment: async () => undefined,
      events: async (after) => {
        if (this.events === undefined) return { kind: 'away' }
        const { followed, events } = this.events
        return { kind: 'found', record: { followed, events: after.map(() => events) } }
      },
      userName: async (user) => {
        const record = this.names?.get(user)
        if (record !== undefined) return { kind: 'found', record }
        return { kind: this.names === undefined ? 'away' : 'none' }
      },
      mandate: async () => (this.orders === undefined ? { kind: 'away' } : { kind: 'none' }),
      mandates: async () =>
        this.orders === undefined
          ? { kind: 'away' }
          : { kind: 'found', record: { mandates: [], followed: this.orders.followed, more: false } },
      mandatesFor: async () =>
        this.payeeMandates === undefined ? { kind: 'away' } : { kind: 'found', record: this.payeeMandates },
      mandatePayments: async () =>
        this.orders === undefined
          ? { kind: 'away' }
          : { kind: 'found', record: { payments: [], followed: this.orders.followed } },
      proposals: async () => {
        if (this.proposals === undefined) return { kind: 'away' }
        const followed = { shard: 0, seq: 9, timeMs: Date.now() }
        return { kind: 'found', record: { proposals: this.proposals, followed, more: false } }
      },
      standings: async () =>
        this.standings === undefined ? { kind: 'away' } : { kind: 'found', record: this.standings },
      followed: away,
      close: async () => undefined,
    }
  }

  async #writtenOrder(merchant: number, orderNo: string): Promise<Found<JournalOrder>> {
    if (this.orderText === undefined) return this.orders === undefined ? { kind: 'away' } : { kind: 'none' }
    const { result } = await this.gateway.ask(merchant, {
      type: 'order',
      wallet: merchant,
      orderNo: orderNoIn(orderNo),
    })
    if (result === null || result.state === 'free') return { kind: 'none' }
    return { kind: 'found', record: { ...result, orderNo, content: this.orderText } }
  }

  async begin(): Promise<void> {
    const principals = [
      { number: 1, role: 'institution', publicKey: this.institution.publicKey } as const,
      { number: 2, role: 'institution', publicKey: this.otherInstitution.publicKey } as const,
      { number: 1, role: 'operator', publicKey: this.operator.publicKey } as const,
      { number: 2, role: 'operator', publicKey: this.otherOperator.publicKey } as const,
    ]
    const plan = { region, shardCount, walletsMax: 2_048, idsMax: 4_096, principals }
    for (const [shard, log] of this.logs.entries()) {
      await ensureGenesis(plan, shard, log, createSealer(this.ring, shard), { nowMs: Date.now(), incarnation: 1 })
      const leader = this.#leaders[shard]!
      log.follow(1, (entry) => leader.onEntry(entry) as undefined)
      while (!leader.replica.started) await new Promise((resolve) => setImmediate(resolve))
      leader.lead()
    }
    this.gateway.start()
  }

  /** Sends one request to the application, signed by `by`. */
  async ask(method: string, path: string, asking: Asking = {}): Promise<Told> {
    const { by, json, bytes, type, headers = {} } = asking
    const url = new URL(path, 'https://edge.test')
    const body = Buffer.from(bytes ?? (json === undefined ? '' : JSON.stringify(json)))
    const plain: Record<string, string> = { ...headers }
    if (body.length > 0) plain['content-type'] = type ?? 'application/json'
    const signed = by === undefined ? {} : signatureOf(by, method, url, body, asking)
    const sent = body.length > 0 ? { body } : {}
    const all = { ...plain, ...signed, ...asking.headersOf?.() }
    const response = await this.app.request(url.href, { method, headers: all, ...sent })
    return toldBy(response)
  }

  /** Opens a user with one wallet. */
  async openWallet(by: TestPrincipal = this.institution, kind = 'personal', group = 1): Promise<TestWallet> {
    const user = await this.ask('POST', '/v1/users', { by: by.signer, json: { kyc_level: 1, request_id: newId() } })
    const userId = String(user.body.user_id)
    const key = newWalletKey()
    const json = { user_id: userId, class: group, kind, public_key: key.publicKeyHex, request_id: newId() }
    const wallet = await this.ask('POST', '/v1/wallets', { by: by.signer, json })
    const walletId = String(wallet.body.wallet_id)
    return { userId, walletId, key, signer: walletSigner(walletId, key) }
  }

  /** Links an account and recharges the wallet from it. */
  async fund(wallet: TestWallet, amount: string, accountNo = '6225880123451234'): Promise<Told> {
    await this.link(wallet, accountNo)
    return this.recharge(wallet, { account_no: accountNo, amount })
  }

  link({ walletId, signer }: TestWallet, accountNo: string): Promise<Told> {
    const json = { account_type: 'bank', account_no: accountNo, balance_limit: 50_000, request_id: newId() }
    return this.ask('POST', `/v1/wallets/${walletId}/linked-accounts`, { by: signer, json })
  }

  recharge({ walletId, signer }: TestWallet, of: Record<string, unknown>): Promise<Told> {
    const json = { tx_id: newId(), wallet_id: walletId, auth_token: 'token', ...of }
    return this.ask('POST', '/v1/recharges', { by: signer, json })
  }

  /** Gives a wallet a new key, signed by its old one. */
  async replaceKey(wallet: TestWallet): Promise<TestWallet> {
    const key = newWalletKey()
    const json = { public_key: key.publicKeyHex, request_id: newId() }
    const told = await this.ask('POST', `/v1/wallets/${wallet.walletId}/keys`, { by: wallet.signer, json })
    if (told.status !== 200) throw new Error(`the key was not replaced: ${JSON.stringify(told.body)}`)
    return { ...wallet, key, signer: walletSigner(wallet.walletId, key) }
  }

  /** Fen in a wallet, read from the leader's own state. */
  balance({ walletId }: TestWallet): number {
    const { number } = parseWalletId(walletId)!
    return viewWallet(this.#leaders[this.gateway.shardOf(number)]!.replica.ledger.state, number)!.balance
  }

  close(): void {
    this.web.services.events.close()
    this.gateway.stop()
    for (const leader of this.#leaders) leader.stop()
  }
}

const world = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  random: () => 0.5,
  after: (delayMs: number, work: () => void) => {
    const timer = setTimeout(work, delayMs)
    return () => clearTimeout(timer)
  },
}

function payingBank({ saga, step }: Effect): { step: number; reason: Refusal } {
  if (saga === 'recharge') return { step: rechargeSteps.settled, reason: 'accepted' }
  return {
    step: step === redemptionSteps.requested ? redemptionSteps.burnt : redemptionSteps.paid,
    reason: 'accepted',
  }
}
