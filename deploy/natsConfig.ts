import { type NatsUser, type Permissions, permissionsOf, witnessPermissionsOf } from './natsPermissions.ts'

/** One region's end of the link between two regions. `a` listens, and `b` dials it, through a proxy that can cut it. */
export type LeafEnd = { user: string; password: string } & ({ listenPort: number } | { dialUrl: string })

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
  /** Present when there is another region. */
  link?: { peer: string; end: LeafEnd }
}

export type WitnessConfigOptions = Omit<NatsConfigOptions, 'region' | 'shardCount' | 'link'>

const quote = (subjects: readonly string[]): string => subjects.map((subject) => JSON.stringify(subject)).join(', ')

function userEntry({ user, password, role }: NatsUser, { publish, subscribe, neverPublish }: Permissions): string {
  // Over the link come subjects of every role of the other region: no client may log in as it.
  const kind = role === 'leaf' ? ' allowed_connection_types: ["LEAFNODE"],' : ''
  const denied = neverPublish === undefined ? '' : `, deny: [${quote(neverPublish)}]`
  return [
    `    { user: ${JSON.stringify(user)}, password: ${JSON.stringify(password)},${kind} permissions: {`,
    `      publish: { allow: [${quote(publish)}]${denied} }`,
    `      subscribe: { allow: [${quote(subscribe)}] }`,
    '    } }',
  ].join('\n')
}

/** Configuration of a region's server: every acknowledgement synced, everything not allowed forbidden. */
export function renderNatsConfig(options: NatsConfigOptions): string {
  const { region, shardCount, users, link } = options
  const { end, peer } = link ?? {}
  const accepted: NatsUser[] =
    end && 'listenPort' in end ? [{ role: 'leaf', user: end.user, password: end.password }] : []
  const place = { region, shardCount, ...(peer === undefined ? {} : { peer }) }
  const entries = [...users, ...accepted].map((user) => userEntry(user, permissionsOf(user, place)))
  return render(region, options, entries) + (link === undefined ? '' : renderLink(options.host, region, link))
}

/** Configuration of the witness, which stands in neither region and holds one small bucket. */
export function renderWitnessConfig(options: WitnessConfigOptions): string {
  const entries = options.users.map((user) => userEntry(user, witnessPermissionsOf(user)))
  return render('w', options, entries) + patience
}

function render(name: string, options: WitnessConfigOptions, entries: readonly string[]): string {
  const { host, port, monitorPort, storeDir, storeBytesMax } = options
  return `server_name: "jiaozi-${name}"
listen: "${host}:${port}"
http: "${host}:${monitorPort}"
max_payload: 2MB
max_pending: 256MB
write_deadline: "10s"
jetstream {
  store_dir: ${JSON.stringify(storeDir)}
  domain: ${name}
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

/** A link on which nothing arrives any more must be dialled anew within seconds; by default it takes six minutes. */
const patience = `ping_interval: "2s"
ping_max: 2
`

/**
 * Neither side tells the other its own address: the link would heal itself past the proxy that stands for the distance
 * between the regions. Frames are sealed, so that compressing them is in vain.
 */
function renderLink(host: string, region: string, { peer, end }: { peer: string; end: LeafEnd }): string {
  if ('listenPort' in end) {
    return `${patience}leafnodes {
  listen: "${host}:${end.listenPort}"
  no_advertise: true
  compression: off
}
`
  }
  const url = new URL(end.dialUrl)
  url.username = end.user
  url.password = end.password
  // What the accepting side's user must not do it refuses there; this is what it must not do here.
  const denied = [region, peer].flatMap((domain) => [
    `$JS.${domain}.API.STREAM.>`,
    `$JS.${domain}.API.META.>`,
    `$JS.${domain}.API.ACCOUNT.>`,
    `$JS.${domain}.API.SERVER.>`,
  ])
  return `${patience}leafnodes {
  reconnect: "1s"
  remotes: [ {
    url: ${JSON.stringify(url.href)}
    no_randomize: true
    ignore_discovered_servers: true
    compression: off
    deny_imports: [${quote([...denied, `cmd.${region}.*.host`])}]
    deny_exports: [${quote([...denied, `cmd.${peer}.*.host`])}]
  } ]
}
`
}
