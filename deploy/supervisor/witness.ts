import type { NatsConnection } from '@nats-io/nats-core'
import { connectNats } from '../../actors/log/natsConnection.ts'
import { renderWitnessConfig } from '../natsConfig.ts'
import { type NatsProcess, startNatsServer } from '../natsServer.ts'
import { provisionWitness } from '../ownerRecords.ts'
import { KeptServer } from './keptServer.ts'
import { witnessUsersOf } from './plan.ts'
import { StartsUnderWay } from './startsUnderWay.ts'

const storeBytesMax = 256 * 1024 ** 2

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
    await this.#connect()
  }

  async #connect(): Promise<void> {
    const access = { url: this.address.url, user: 'admin', password: this.#setup.passwords.admin! }
    this.#admin = await connectNats(access, { name: 'supervisor', inboxPrefix: '_INBOX.admin' })
    await provisionWitness(this.#admin)
  }

  get held(): boolean {
    return this.#server.held
  }

  /** The administrator's connection. */
  get admin(): NatsConnection {
    return this.#admin!
  }

  hold(): Promise<void> {
    return this.#server.hold()
  }

  async release(): Promise<void> {
    await this.#server.release()
    // The connection may still be finding its way back, and what is asked on it meanwhile vanishes.
    await this.#admin?.close()
    await this.#connect()
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
