import { principalRoles } from '../../actors/ledger/records.ts'
import type { PrincipalView } from '../../actors/log/queries.ts'
import type { GatewayPorts } from './ports.ts'
import type { ReadFrom, ShardQueries } from './shardQueries.ts'

export type PrincipalRole = keyof typeof principalRoles

const refreshEveryMs = 5_000
/** An unknown key id makes the edge look again, but a flood of them must not make a flood of reads. */
const lookAgainMsMin = 1_000
/** Every principal is entered into every shard; the first shard is asked for all of them. */
const askedShard = 0

/** Keys of the institutions and operators that may call, as the ledger has them. */
export class PrincipalKeys {
  readonly #queries: ShardQueries
  readonly #ports: GatewayPorts
  #principals: readonly PrincipalView[] = []
  #readMs = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | undefined
  #cancel: (() => void) | undefined

  constructor(queries: ShardQueries, ports: GatewayPorts) {
    this.#queries = queries
    this.#ports = ports
  }

  start(): void {
    const round = (): void => {
      this.#cancel = this.#ports.after(refreshEveryMs, round)
      this.#refresh('near').catch((error: unknown) => this.#ports.onFault('principals could not be read', error))
    }
    round()
  }

  stop(): void {
    this.#cancel?.()
  }

  /**
   * The Ed25519 key (32 bytes) of one that may act now, else undefined.
   * @throws ShardUnavailable when it is not known and cannot be asked for
   */
  async find(role: PrincipalRole, number: number): Promise<Uint8Array | undefined> {
    const held = this.#held(role, number)
    if (held !== undefined) return held
    if (this.#ports.monotonicMs() - this.#readMs < lookAgainMsMin) return undefined
    await this.#refresh('owner')
    return this.#held(role, number)
  }

  #held(role: PrincipalRole, number: number): Uint8Array | undefined {
    const code = principalRoles[role]
    return this.#principals.find((p) => p.active && p.number === number && p.role === code)?.publicKey
  }

  #refresh(from: ReadFrom): Promise<void> {
    this.#reading ??= this.#read(from).finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #read(from: ReadFrom): Promise<void> {
    const { result } = await this.#queries.ask(askedShard, { type: 'principals' }, from)
    this.#principals = result
    this.#readMs = this.#ports.monotonicMs()
  }
}
