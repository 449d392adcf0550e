/** A role's user on the region's NATS server; `id` is part of its subjects for edges and connectors. */
export type NatsUser = { role: NatsRole; user: string; password: string; id?: string }
export type NatsRole = 'admin' | 'archiver' | 'edge' | 'worker' | 'projector' | 'connector' | 'operator'

export type NatsConfigOptions = {
  region: string
  host: string
  port: number
  monitorPort: number
  storeDir: string
  /** Bytes that all streams together may take on the disk. */
  storeBytesMax: number
  users: readonly NatsUser[]
}

type Permissions = { publish: string[]; subscribe: string[] }

/** Reading a log: ordered consumers, their flow control, and single messages. Nothing of it changes a stream. */
function readLogs(region: string): string[] {
  const log = `LOG_${region}_*`
  return [
    `$JS.API.STREAM.INFO.${log}`,
    `$JS.API.STREAM.MSG.GET.${log}`,
    `$JS.API.DIRECT.GET.${log}`,
    `$JS.API.DIRECT.GET.${log}.>`,
    ...readConsumers(log),
  ]
}

function readConsumers(stream: string): string[] {
  return [
    `$JS.API.CONSUMER.CREATE.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}.>`,
    `$JS.API.CONSUMER.INFO.${stream}.*`,
    `$JS.API.CONSUMER.DELETE.${stream}.*`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.*`,
    '$JS.ACK.>',
    '$JS.FC.>',
    '$JS.API.INFO',
  ]
}

function readBucket(stream: string): string[] {
  return [
    `$JS.API.STREAM.INFO.${stream}`,
    `$JS.API.STREAM.MSG.GET.${stream}`,
    `$JS.API.DIRECT.GET.${stream}`,
    `$JS.API.DIRECT.GET.${stream}.>`,
    ...readConsumers(stream),
  ]
}

/**
 * What each role may say and hear. A subject tells the ledger who sent a frame, so these lists are what keeps an edge
 * from forging a credit. Only the archiver may trim a log; nobody else may delete, purge or change one.
 */
export function permissionsOf({ role, user, id }: NatsUser, region: string): Permissions {
  const inbox = [`_INBOX.${user}.>`, `_INBOX.${user}`]
  const leases = `KV_lease_${region}`
  const snapshots = `OBJ_snap_${region}`
  switch (role) {
    case 'admin':
      return { publish: ['$JS.API.>', `$KV.lease_${region}.>`, `cmd.${region}.*.op`], subscribe: inbox }
    case 'archiver':
      return { publish: [...readLogs(region), `$JS.API.STREAM.PURGE.LOG_${region}_*`], subscribe: inbox }
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
          ...readLogs(region),
          ...readBucket(leases),
          ...readBucket(snapshots),
        ],
        subscribe: [...inbox, `q.${region}.*`, `mark.${region}.*`],
      }
    case 'projector':
      return {
        publish: [...readLogs(region), ...readBucket(snapshots), `q.${region}.*`],
        subscribe: [...inbox, `mark.${region}.*`],
      }
    case 'connector':
      return {
        publish: [`cmd.${region}.*.connector.${id}`, `q.${region}.*`],
        subscribe: [...inbox, `fx.${region}.*`],
      }
    case 'operator':
      return {
        publish: [`cmd.${region}.*.op`, `q.${region}.*`, ...readLogs(region), ...readBucket(snapshots)],
        subscribe: [...inbox, `mark.${region}.*`],
      }
  }
}

/** Configuration of a region's server: every acknowledgement synced, everything not allowed forbidden. */
export function renderNatsConfig(options: NatsConfigOptions): string {
  const { region, host, port, monitorPort, storeDir, storeBytesMax, users } = options
  const entries = users.map((user) => {
    const { publish, subscribe } = permissionsOf(user, region)
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
