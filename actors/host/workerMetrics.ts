import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { ShardStatus } from './ownership/sharedRunner.ts'
import type { Worker } from './worker.ts'

type ShardGauge = { name: string; help: string; read: (shard: number) => number | undefined }

/** What a worker shows of itself and of the shards that it leads; where there are two regions, of those it follows too. */
export function workerMetrics(worker: Worker, shardCount: number): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const gauge of [...leadersGauges(worker), ...ownershipGauges(worker)]) register(registry, shardCount, gauge)
  new Gauge({
    name: 'jiaozi_shard_mode',
    help: 'How a shard that two regions hold is committed: 1 for the role and mode it has now',
    labelNames: ['shard', 'role', 'mode'],
    registers: [registry],
    collect() {
      this.reset()
      for (let shard = 0; shard < shardCount; shard++) {
        const { role, record } = worker.sharedRunner(shard)?.status() ?? {}
        if (role !== undefined && record !== undefined) this.set({ shard: String(shard), role, mode: record.mode }, 1)
      }
    },
  })
  return registry
}

function leadersGauges(worker: Worker): ShardGauge[] {
  const leader = (shard: number) => (worker.runner(shard)?.leading ? worker.runner(shard)?.leader : undefined)
  return [
    { name: 'jiaozi_shard_seq', help: 'Last applied log sequence', read: (n) => leader(n)?.replica.seq },
    {
      name: 'jiaozi_shard_commands_total',
      help: 'Commands applied since the log began',
      read: (n) => leader(n)?.replica.ledger.state.commandsApplied,
    },
    {
      name: 'jiaozi_shard_open_sagas',
      help: 'Recharges and redemptions under way',
      read: (n) => leader(n)?.replica.ledger.state.openSagas.size,
    },
    {
      name: 'jiaozi_shard_wallets_fen',
      help: 'Sum of wallet balances in fen',
      read: (n) => leader(n)?.replica.ledger.state.books.wallets,
    },
  ]
}

function ownershipGauges(worker: Worker): ShardGauge[] {
  const read = (of: (status: ShardStatus) => number | undefined) => (shard: number) => {
    const status = worker.sharedRunner(shard)?.status()
    return status && of(status)
  }
  return [
    { name: 'jiaozi_shard_epoch', help: 'Epoch of ownership', read: read(({ record }) => record?.epoch) },
    {
      name: 'jiaozi_shard_applied_position',
      help: 'Position in the shard’s log that this replica has applied, owner or standby',
      read: read(({ applied }) => applied),
    },
    {
      name: 'jiaozi_shard_peer_mark_position',
      help: 'Position that the standby has vouched for last, as this replica knows it',
      read: read(({ marked }) => marked),
    },
    {
      name: 'jiaozi_shard_mark_lag_entries',
      help: 'Owner: entries applied that the peer has not vouched for',
      read: read(({ markLag }) => markLag),
    },
    {
      name: 'jiaozi_shard_mirror_lag_entries',
      help: 'Standby: entries that the owner had applied when last heard and this replica had not',
      read: read(({ mirrorLag }) => mirrorLag),
    },
    {
      name: 'jiaozi_shard_peer_heard_seconds',
      help: 'Time since the other region said anything about the shard',
      read: read(({ peerHeardMsAgo }) => peerHeardMsAgo / 1_000),
    },
    {
      name: 'jiaozi_shard_differs',
      help: '1 when the replicas of the two regions were found to differ, and this one has stopped',
      read: read(({ differs }) => Number(differs)),
    },
  ]
}

function register(registry: Registry, shardCount: number, { name, help, read }: ShardGauge): void {
  new Gauge({
    name,
    help,
    labelNames: ['shard'],
    registers: [registry],
    collect() {
      this.reset()
      for (let shard = 0; shard < shardCount; shard++) {
        const value = read(shard)
        if (value !== undefined) this.set({ shard: String(shard) }, value)
      }
    },
  })
}
