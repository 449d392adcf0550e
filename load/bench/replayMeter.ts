import { frameKinds } from '../../actors/ledger/records.ts'
import type { Replica } from '../../actors/log/replica.ts'
import type { LogEntry, ShardLog } from '../../actors/log/shardLog.ts'

type Spent = { records: number; ms: number }

/** Times each frame that a replica applies, by what it holds. */
export class ReplayMeter {
  readonly #spent = new Map<number, Spent>()

  /** Applies a log's entries up to and including `last`. */
  replay(replica: Replica, log: ShardLog, last: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const follower = log.follow(1, async (entry) => {
        if (entry.seq > last) return
        await this.#apply(replica, entry)
        if (entry.seq === last) follower.stop().then(resolve, reject)
      })
      follower.failed.then(reject, reject)
    })
  }

  async #apply(replica: Replica, entry: LogEntry): Promise<void> {
    const beganMs = performance.now()
    const applying = replica.apply(entry)
    const { frame } = applying instanceof Promise ? await applying : applying
    const spent = this.#spent.get(frame.kind) ?? { records: 0, ms: 0 }
    spent.records += frame.count
    spent.ms += performance.now() - beganMs
    this.#spent.set(frame.kind, spent)
  }

  figures(): Record<string, number> {
    const of = (...kinds: number[]): Spent => {
      const all = kinds.flatMap((kind) => this.#spent.get(kind) ?? [])
      return {
        records: all.reduce((sum, { records }) => sum + records, 0),
        ms: all.reduce((sum, { ms }) => sum + ms, 0),
      }
    }
    const rate = ({ records, ms }: Spent): number => Math.round(records / (ms / 1_000))
    const { payments, batch, transit, commands } = frameKinds
    return {
      'replay.records': of(payments, batch, transit).records,
      'replay.records_per_second': rate(of(payments, batch, transit)),
      'replay.single_debits_per_second': rate(of(payments)),
      'replay.batch_debits_per_second': rate(of(batch)),
      'replay.credits_per_second': rate(of(transit)),
      'replay.commands': of(commands).records,
      'replay.commands_per_second': rate(of(commands)),
    }
  }
}
