import { jetstream } from '@nats-io/jetstream'
import { type KV, Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/nats-core'
import { connectNats } from '../../actors/log/natsConnection.ts'
import {
  firstOwnerRecord,
  type OwnerRecord,
  ownerKey,
  parseOwnerRecord,
  witnessBucket,
} from '../../actors/log/ownerRecord.ts'
import { renderWitnessConfig } from '../natsConfig.ts'
import { type NatsProcess, startNatsServer } from '../natsServer.ts'
import { firstOwner } from '../streams.ts'
import { KeptServer } from './keptServer.ts'
import { witnessUsersOf } from './plan.ts'
import { StartsUnderWay } from './startsUnderWay.ts'

const storeBytesMax = 256 * 1024 ** 2
/** Changes of each record that the witness still shows: for those who ask how it came to this. */
const history = 16

export type WitnessSetup = {
  dir: string
  workers: number
  passwords: Record<string, string>
  ports: { nats: number; monitor: number }
}

/** The third place, which stands in neither region: a small server that decides who owns a shard. */
export class Witness {
  readonly #setup: WitnessSetup
  readonly #starts = new StartsUnderWay()
  readonly #server: KeptServer<NatsProcess>
  #admin: NatsConnection | undefined

  constructor(setup: WitnessSetup) {
    this.#setup = setup
    this.#server = new KeptServer({ name: 'witness', start: () => this.#starts.track(this.#startServer()) })
  }

  get address(): { url: string; monitorUrl: string } {
    const { nats, monitor } = this.#setup.ports
    return { url: `nats://127.0.0.1:${nats}`, monitorUrl: `http://127.0.0.1:${monitor}` }
  }

  /** For operators, who read the records, and give them back to a witness that has lost them. */
  get operatorAccess(): Record<string, string> {
    return { ...this.address, user: 'operator', password: this.#setup.passwords.operator! }
  }

  #startServer(): Promise<NatsProcess> {
    const { dir, workers, passwords, ports } = this.#setup
    const [port, monitorPort] = [ports.nats, ports.monitor]
    const users = witnessUsersOf(workers, passwords)
    const place = { host: '127.0.0.1', port, monitorPort, storeDir: dir }
    const config = renderWitnessConfig({ ...place, storeBytesMax, users })
    return startNatsServer({ dir, config, port, monitorPort })
  }

  async start(): Promise<void> {
    await this.#server.start()
    const access = { url: this.address.url, user: 'admin', password: this.#setup.passwords.admin! }
    this.#admin = await connectNats(access, { name: 'supervisor', inboxPrefix: '_INBOX.admin' })
    await new Kvm(jetstream(this.#admin)).create(witnessBucket, { history })
  }

  async #bucket(): Promise<KV> {
    return new Kvm(jetstream(this.#admin!)).open(witnessBucket)
  }

  get held(): boolean {
    return this.#server.held
  }

  /** What it knows of each shard: nothing of one that is new, or of which it has lost what it knew. */
  async records(shardCount: number): Promise<(OwnerRecord | undefined)[]> {
    const bucket = await this.#bucket()
    const records: (OwnerRecord | undefined)[] = []
    for (let shard = 0; shard < shardCount; shard++) {
      const entry = await bucket.get(ownerKey(shard))
      records.push(entry === null ? undefined : parseOwnerRecord(entry.json()))
    }
    return records
  }

  /** Writes the first record of shards that have none. @throws Error when one has: it is never written over. */
  async seed(shards: readonly number[]): Promise<void> {
    const bucket = await this.#bucket()
    for (const shard of shards) {
      await bucket.create(ownerKey(shard), JSON.stringify(firstOwnerRecord(firstOwner(shard), 'sync')))
    }
  }

  hold(): Promise<void> {
    return this.#server.hold()
  }

  release(): Promise<void> {
    return this.#server.release()
  }

  pids(): Record<string, number> {
    return this.#server.pid === undefined ? {} : { witness: this.#server.pid }
  }

  async stop(): Promise<void> {
    await this.#starts.ended()
    await this.#admin?.close()
    await this.#server.stop()
  }

  kill(): void {
    this.#server.kill()
  }
}
