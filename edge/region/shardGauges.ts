/** What a worker's metrics say of one shard. */
export type ShardGauges = {
  role?: string
  seq?: number
  commands?: number
  openSagas?: number
  markLag?: number
  mirrorLag?: number
  peerHeardS?: number
  differs?: boolean
}

const numbers: Readonly<Record<string, 'seq' | 'commands' | 'openSagas' | 'markLag' | 'mirrorLag' | 'peerHeardS'>> = {
  jiaozi_shard_seq: 'seq',
  jiaozi_shard_commands_total: 'commands',
  jiaozi_shard_open_sagas: 'openSagas',
  jiaozi_shard_mark_lag_entries: 'markLag',
  jiaozi_shard_mirror_lag_entries: 'mirrorLag',
  jiaozi_shard_peer_heard_seconds: 'peerHeardS',
}
const linePattern = /^(jiaozi_shard_\w+)\{([^}]*)\} (\S+)$/gm
const labelPattern = /(\w+)="([^"]*)"/g

/** Reads a worker's /metrics, in Prometheus' text form. What it does not say of a shard is left out. */
export function readShardGauges(metrics: string): Map<number, ShardGauges> {
  const shards = new Map<number, ShardGauges>()
  for (const [, name = '', labelText = '', valueText = ''] of metrics.matchAll(linePattern)) {
    const labels = Object.fromEntries([...labelText.matchAll(labelPattern)].map(([, label, value]) => [label, value]))
    const [shard, value] = [Number(labels.shard), Number(valueText)]
    if (!Number.isInteger(shard) || !Number.isFinite(value)) continue
    const gauges = shards.get(shard) ?? {}
    shards.set(shard, gauges)
    const field = numbers[name]
    if (field !== undefined) gauges[field] = value
    if (name === 'jiaozi_shard_differs') gauges.differs = value === 1
    if (name === 'jiaozi_shard_mode' && value === 1 && labels.role !== undefined) gauges.role = labels.role
  }
  return shards
}
