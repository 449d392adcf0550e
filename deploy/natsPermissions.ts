import { mirrorReader, mirrorResetSubjects } from '../actors/log/mirrorStreams.ts'
import { ownersBucket, witnessBucket } from '../actors/log/ownerRecord.ts'
import { endedBucket } from '../actors/log/subjects.ts'

/** A role's user on a NATS server; `id` is part of its subjects for edges and connectors. */
export type NatsUser = { role: NatsRole; user: string; password: string; id?: string }
export type NatsRole =
  | 'admin'
  | 'archiver'
  | 'edge'
  | 'worker'
  | 'projector'
  | 'connector'
  | 'webhooks'
  | 'operator'
  /** The other region's server, for all of that region's processes. */
  | 'leaf'

/** The server that permissions are for. `peer` is the other region, if there is one. */
export type NatsRegion = { region: string; shardCount: number; peer?: string }

export type Permissions = { publish: string[]; subscribe: string[]; neverPublish?: string[] }

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

/** Names of logs: a wildcard stands for a whole token, so that each must be listed. */
function logStreams(region: string, shardCount: number): string[] {
  return Array.from({ length: shardCount }, (_, shard) => `LOG_${region}_${shard}`)
}

/** Ids of edges and connectors: one of each in a region. */
export const regionNumber = (region: string): string => (region === 'b' ? '2' : '1')

/**
 * What each role may say and hear. A subject tells the ledger who sent a frame, so these lists are what keeps an edge
 * from forging a credit. Only the archiver may trim a log; nobody else may delete, purge or change one.
 */
export function permissionsOf(user: NatsUser, place: NatsRegion): Permissions {
  const { peer } = place
  const permissions = allowed(user, place)
  if (peer === undefined || user.role === 'admin' || user.role === 'leaf') return permissions
  // Without its reader the other region's mirror stands still.
  const reader = mirrorReader(peer)
  return {
    ...permissions,
    neverPublish: ['DELETE', 'CREATE', 'RESET', 'PAUSE'].flatMap((verb) => {
      const subject = `$JS.API.CONSUMER.${verb}.*.${reader}`
      return [subject, `${subject}.>`]
    }),
  }
}

function allowed({ role, user, id }: NatsUser, { region, shardCount, peer }: NatsRegion): Permissions {
  const regions = peer === undefined ? [region] : [region, peer]
  const inbox = [`_INBOX.${user}.>`, `_INBOX.${user}`]
  const snapshots = `OBJ_snap_${region}`
  // The other region's logs are here as mirrors, under their own names.
  const logs = regions.flatMap((each) => logStreams(each, shardCount))
  const readLogs = [...readAnything, ...logs.flatMap(read)]
  const everywhere = (subject: (region: string) => string): string[] => regions.map(subject)
  const marks = peer === undefined ? `mark.${region}.*` : 'mark.*.*'
  const withPeer = (...subjects: string[]): string[] => (peer === undefined ? [] : subjects)
  // Who answers the region's mirrors (`mirrorResets.ts`).
  const resetReaders = peer === undefined ? [] : [...readerResets(region, peer, shardCount), '$JSC.R.>']
  const hearMirrors = peer === undefined ? [] : [mirrorResetSubjects(peer)]
  const readOwners = withPeer(...readAnything, ...read(`KV_${ownersBucket(region)}`))
  const hearOwners = withPeer(`$KV.${ownersBucket(region)}.>`)
  const hearSafe = [...hearOwners, ...withPeer(`safe.${region}.*`)]
  switch (role) {
    case 'admin':
      return {
        publish: [
          '$JS.API.>',
          `$KV.lease_${region}.>`,
          `$O.snap_${region}.>`,
          `cmd.${region}.*.op`,
          ...withPeer(`$KV.${ownersBucket(region)}.>`),
          ...resetReaders,
        ],
        subscribe: [...inbox, ...hearMirrors],
      }
    case 'archiver':
      return {
        publish: [
          ...readLogs,
          ...read(snapshots),
          ...readOwners,
          ...logs.map((log) => `$JS.API.STREAM.PURGE.${log}`),
          ...withPeer(`trim.${region}`),
        ],
        subscribe: [...inbox, ...hearSafe, ...withPeer(`trim.${peer}`)],
      }
    case 'edge':
      return {
        publish: [
          ...everywhere((each) => `cmd.${each}.*.edge.${id}`),
          ...everywhere((each) => `q.${each}.*`),
          ...readOwners,
          `$KV.${endedBucket(region)}.*`,
          ...read(`KV_${endedBucket(region)}`),
          `ended.${region}`,
        ],
        subscribe: [...inbox, `res.${id}`, ...hearOwners, 'ended.*'],
      }
    case 'worker':
      return {
        publish: [
          ...everywhere((each) => `cmd.${each}.*.shard.>`),
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
          ...readOwners,
          ...withPeer(`$KV.${ownersBucket(region)}.>`, `vouch.${peer}`, `beat.${peer}`, `safe.${region}.*`),
          ...resetReaders,
        ],
        subscribe: [
          ...inbox,
          `q.${region}.*`,
          marks,
          ...everywhere((each) => `log.${each}.*.>`),
          ...hearOwners,
          ...hearMirrors,
          ...withPeer(`vouch.${region}`, `beat.${region}`, `ctl.${region}.*`),
        ],
      }
    case 'projector':
      return {
        publish: [...readLogs, ...read(snapshots), ...readOwners, ...everywhere((each) => `q.${each}.*`)],
        subscribe: [...inbox, marks, ...hearSafe],
      }
    case 'connector':
      return {
        publish: [
          ...everywhere((each) => `cmd.${each}.*.connector.${id}`),
          ...everywhere((each) => `q.${each}.*`),
          ...readOwners,
        ],
        subscribe: [...inbox, `fx.${region}.*`, ...hearOwners],
      }
    case 'webhooks':
      return {
        publish: [...readOwners, ...withPeer(`hook.${region}`)],
        subscribe: [...inbox, ...hearOwners, ...withPeer(`hook.${peer}`)],
      }
    case 'operator':
      return {
        publish: [
          ...everywhere((each) => `cmd.${each}.*.op`),
          ...everywhere((each) => `q.${each}.*`),
          ...withPeer(...everywhere((each) => `ctl.${each}.*`)),
          ...readLogs,
          ...read(snapshots),
          ...readOwners,
        ],
        subscribe: [...inbox, marks, ...hearSafe],
      }
    case 'leaf':
      if (peer === undefined) throw new Error('a region that is alone has no leaf link')
      return { publish: crossing(peer, region, shardCount), subscribe: crossing(region, peer, shardCount) }
  }
}

/**
 * What may cross the link from one region to the other: frames of that region's senders, answers, marks and the
 * mirrors' readers. Of JetStream's API nothing else: nobody there can read, delete, purge or change a stream here.
 */
function crossing(from: string, to: string, shardCount: number): string[] {
  const number = regionNumber(from)
  return [
    `cmd.${to}.*.edge.${number}`,
    `cmd.${to}.*.connector.${number}`,
    `cmd.${to}.*.shard.>`,
    `cmd.${to}.*.op`,
    `q.${to}.*`,
    `ctl.${to}.*`,
    `res.${regionNumber(to)}`,
    `vouch.${to}`,
    `beat.${to}`,
    `mark.${from}.*`,
    `trim.${from}`,
    `hook.${from}`,
    `ended.${from}`,
    '_INBOX.>',
    // A region may set back the readers of its own mirrors.
    ...readerResets(from, to, shardCount),
    // Answers to the other side's mirrors, what they are sent, and confirmation of what ours have.
    '$JSC.R.>',
    `$JS.M.${from}.*`,
    ...logStreams(to, shardCount).map((log) => `$JS.FC.${log}.>`),
  ]
}

/** Setting back the readers that region `to` keeps for the mirrors in region `from`. */
function readerResets(from: string, to: string, shardCount: number): string[] {
  return logStreams(to, shardCount).map((log) => `$JS.${to}.API.CONSUMER.RESET.${log}.${mirrorReader(from)}`)
}

/** At the witness: workers of both regions decide ownership there, operators read it and seed it when it was lost. */
export function witnessPermissionsOf({ role, user }: NatsUser): Permissions {
  const subscribe = [`_INBOX.${user}.>`, `_INBOX.${user}`]
  const records = [`$KV.${witnessBucket}.>`]
  if (role === 'admin') return { publish: ['$JS.API.>', ...records], subscribe }
  return { publish: [...records, ...readAnything, ...read(`KV_${witnessBucket}`)], subscribe }
}
