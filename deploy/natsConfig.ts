/** A role's user on the region's NATS server; `id` is part of its subjects for edges and connectors. */
export type NatsUser = { role: NatsRole; user: string; password: string; id?: string }
export type NatsRole = 'admin' | 'archiver' | 'edge' | 'worker' | 'projector' | 'connector' | 'operator'

export type NatsConfigOptions = {
  region: string
  shardCount: number
  host: string
  port: number
  monitorPort: number
  storeDir: string
  /** Bytes that all streams together may take on the disk. */
  storeBytesMax: number
  users: readonly NatsUser[]
}

type Permissions = { publish: string[]; subscribe: string[] }

/** Names of the region's logs: a wildcard stands for a whole token, so that each must be listed. */
function logStreams(region: string, shardCount: number): string[] {
  return Array.from({ length: shardCount }, (_, shard) => `LOG_${region}_${shard}`)
}

const readAnything = ['$JS.API.INFO', '$JS.ACK.>', '$JS.FC.>']

/** Reading a stream: ordered consumers, their flow control, and single messages. Nothing of it changes the stream. */
function read(stream: string): string[] {
  return [
    `$JS.API.STREAM.INFO.${stream}`,
    `$JS.API.STREAM.MSG.GET.${stream}`,
    `$JS.API.DIRECT.GET.${stream}`,
    `$JS.API.DIRECT.GET.${stream}.>`,
    `$JS.API.CONSUMER.CREATE.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}.>`,
    `$JS.API.CONSUMER.INFO.${stream}.*`,
    `$JS.API.CONSUMER.DELETE.${stream}.*`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.*`,
  ]
}

/**
 * What each role may say and hear. A subject tells the ledger who sent a frame, so these lists are what keeps an edge
 * from forging a credit. Only the archiver may trim a log; nobody else may delete, purge or change one.
 */
export function permissionsOf({ role, user, id }: NatsUser, region: string, shardCount: number): Permissions {
  const inbox = [`_INBOX.${user}.>`, `_INBOX.${user}`]
  const snapshots = `OBJ_snap_${region}`
  const logs = logStreams(region, shardCount)
  const readLogs = [...readAnything, ...logs.flatMap(read)]
  switch (role) {
    case 'admin':
      return {
        publish: ['$JS.API.>', `$KV.lease_${region}.>`, `$O.snap_${region}.>`, `cmd.${region}.*.op`],
        subscribe: inbox,
      }
    case 'archiver':
      return {
        publish: [...readLogs, ...read(snapshots), ...logs.map((log) => `$JS.API.STREAM.PURGE.${log}`)],
        subscribe: inbox,
      }
    case 'edge':
      return {
        publish: [`cmd.${region}.*.edge.${id}`, `q.${region}.*`],
        subscribe: [...inbox, `res.${id}`],
      }
    case 'worker':
      return {
        publish: [
          `cmd.${region}.*.shard.>`,
          `cmd.${region}.*.host`,
          'res.>',
          `fx.${region}.>`,
          `mark.${region}.>`,
          '_INBOX.>',
          `$KV.lease_${region}.>`,
          `$O.snap_${region}.>`,
          `$JS.API.STREAM.PURGE.${snapshots}`,
          ...readLogs,
          ...read(`KV_lease_${region}`),
          ...read(snapshots),
        ],
        subscribe: [...inbox, `q.${region}.*`, `mark.${region}.*`],
      }
    case 'projector':
      return {
        publish: [...readLogs, ...read(snapshots), `q.${region}.*`],
        subscribe: [...inbox, `mark.${region}.*`],
      }
    case 'connector':
      return {
        publish: [`cmd.${region}.*.connector.${id}`, `q.${region}.*`],
        subscribe: [...inbox, `fx.${region}.*`],
      }
    case 'operator':
      return {
        publish: [`cmd.${region}.*.op`, `q.${region}.*`, ...readLogs, ...read(snapshots)],
        subscribe: [...inbox, `mark.${region}.*`],
      }
  }
}

/** Configuration of a region's server: every acknowledgement synced, everything not allowed forbidden. */
export function renderNatsConfig(options: NatsConfigOptions): string {
  const { region, shardCount, host, port, monitorPort, storeDir, storeBytesMax, users } = options
  const entries = users.map((user) => {
    const { publish, subscribe } = permissionsOf(user, region, shardCount)
    const quote = (subjects: string[]): string => subjects.map((subject) => JSON.stringify(subject)).join(', ')
    return [
      `    { user: ${JSON.stringify(user.user)}, password: ${JSON.stringify(user.password)}, permissions: {`,
      `      publish: { allow: [${quote(publish)}] }`,
      `      subscribe: { allow: [${quote(subscribe)}] }`,
      '    } }',
    ].join('\n')
  })
  return `server_name: "jiaozi-${region}"
listen: "${host}:${port}"
http: "${host}:${monitorPort}"
max_payload: 2MB
max_pending: 256MB
write_deadline: "10s"
jetstream {
  store_dir: ${JSON.stringify(storeDir)}
  domain: ${region}
  sync_interval: always
  max_file_store: ${storeBytesMax}
  max_memory_store: 67108864
}
authorization {
  users: [
${entries.join('\n')}
  ]
}
`
}
