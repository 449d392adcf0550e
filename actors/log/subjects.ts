/** Who may publish into a shard's log. The server's permissions tie each role to its own subjects. */
export type CommandSender =
  | { readonly kind: 'edge'; readonly id: string }
  | { readonly kind: 'shard'; readonly shard: number }
  | { readonly kind: 'connector'; readonly id: string }
  | { readonly kind: 'op' }
  | { readonly kind: 'host' }

export type ParsedSubject =
  | { readonly kind: 'command'; readonly region: string; readonly shard: number; readonly sender: CommandSender }
  | { readonly kind: 'answers'; readonly edgeId: string }
  | { readonly kind: 'vouch' | 'beat' | 'trim' | 'hook' | 'ended'; readonly region: string }
  | { readonly kind: ShardSubjectKind; readonly region: string; readonly shard: number }

type ShardSubjectKind = 'query' | 'effects' | 'mark' | 'safe' | 'control'

const shardSubjectKinds: Readonly<Record<string, ShardSubjectKind>> = {
  q: 'query',
  fx: 'effects',
  mark: 'mark',
  safe: 'safe',
  ctl: 'control',
}

const regionPattern = /^[a-z]$/
const shardPattern = /^(0|[1-9]\d{0,4})$/
const idPattern = /^[A-Za-z0-9_-]{1,64}$/
const shardMax = 65_535

/** Stream that holds a shard's log. */
export function logStreamName(region: string, shard: number): string {
  return `LOG_${regionToken(region)}_${shardToken(shard)}`
}

/** Every subject that a shard's log collects. */
export function logStreamSubjects(region: string, shard: number): string {
  return `cmd.${regionToken(region)}.${shardToken(shard)}.>`
}

/** Every subject under which the log's server tells again what it has stored: the same, with another first token. */
export function toldSubjects(region: string, shard: number): string {
  return `log.${regionToken(region)}.${shardToken(shard)}.>`
}

/** Subject that one sender uses to publish frames into a shard's log. */
export function commandSubject(region: string, shard: number, sender: CommandSender): string {
  return `cmd.${regionToken(region)}.${shardToken(shard)}.${senderTokens(sender)}`
}

/** Subject on which an edge hears the answers to the requests it sent. */
export function answersSubject(edgeId: string): string {
  return `res.${idToken('edge id', edgeId)}`
}

/** Request/reply subject for reads of one shard's state. */
export function querySubject(region: string, shard: number): string {
  return `q.${regionToken(region)}.${shardToken(shard)}`
}

/** Subject that carries the effects a shard's committed frames owe. */
export function effectsSubject(region: string, shard: number): string {
  return `fx.${regionToken(region)}.${shardToken(shard)}`
}

/** Subject that carries a shard's watermarks, and later its marks. */
export function markSubject(region: string, shard: number): string {
  return `mark.${regionToken(region)}.${shardToken(shard)}`
}

/** Subject on which a region's owners hear what the other region's standbys vouch for: all shards of a worker at once. */
export function vouchSubject(ownerRegion: string): string {
  return `vouch.${regionToken(ownerRegion)}`
}

/** Subject on which a region's standbys hear that the other region's owners live and how far they have committed. */
export function beatSubject(standbyRegion: string): string {
  return `beat.${regionToken(standbyRegion)}`
}

/** Subject on which a region's archiver says what that region needs of the logs no more: the other may trim its own then. */
export function trimSubject(region: string): string {
  return `trim.${regionToken(region)}`
}

/** Subject on which a region says which events it has told its merchants: the other need not tell those. */
export function hookSubject(region: string): string {
  return `hook.${regionToken(region)}`
}

/** Subject on which a region's edges say which sessions of the console have ended: edges of both regions hear it. */
export function endedSubject(region: string): string {
  return `ended.${regionToken(region)}`
}

/** Key-value bucket in which a region keeps them, by the session's id. */
export function endedBucket(region: string): string {
  return `ended_${regionToken(region)}`
}

/** Subject that says, within a region, up to which position a shard's log can never be cut: what followers may keep. */
export function safeSubject(region: string, shard: number): string {
  return `safe.${regionToken(region)}.${shardToken(shard)}`
}

/** Request/reply subject by which operators move a shard, or ask how it stands, at the region's replica of it. */
export function controlSubject(region: string, shard: number): string {
  return `ctl.${regionToken(region)}.${shardToken(shard)}`
}

/**
 * Reads any subject of ours.
 * @returns undefined when the subject is not one that the builders of this file make.
 */
export function parseSubject(subject: string): ParsedSubject | undefined {
  const [root, ...tokens] = subject.split('.')
  if (root === 'res') {
    const [edgeId] = tokens
    return tokens.length === 1 && idPattern.test(edgeId!) ? { kind: 'answers', edgeId: edgeId! } : undefined
  }
  const [region, shardText, ...rest] = tokens
  if (root === 'vouch' || root === 'beat' || root === 'trim' || root === 'hook' || root === 'ended') {
    return tokens.length === 1 && regionPattern.test(region!) ? { kind: root, region: region! } : undefined
  }
  const shard = parseShard(shardText)
  if (region === undefined || !regionPattern.test(region) || shard === undefined) return undefined
  if (root === 'cmd') {
    const sender = parseSender(rest)
    return sender && { kind: 'command', region, shard, sender }
  }
  if (rest.length > 0) return undefined
  const kind = shardSubjectKinds[root!]
  return kind && { kind, region, shard }
}

function parseSender([kind, id, ...rest]: string[]): CommandSender | undefined {
  if (rest.length > 0) return undefined
  if (kind === 'op' || kind === 'host') return id === undefined ? { kind } : undefined
  if (id === undefined) return undefined
  if (kind === 'edge' || kind === 'connector') return idPattern.test(id) ? { kind, id } : undefined
  if (kind !== 'shard') return undefined
  const shard = parseShard(id)
  return shard === undefined ? undefined : { kind, shard }
}

function parseShard(text: string | undefined): number | undefined {
  if (text === undefined || !shardPattern.test(text)) return undefined
  const shard = Number(text)
  return shard <= shardMax ? shard : undefined
}

function senderTokens(sender: CommandSender): string {
  switch (sender.kind) {
    case 'edge':
      return `edge.${idToken('edge id', sender.id)}`
    case 'connector':
      return `connector.${idToken('connector id', sender.id)}`
    case 'shard':
      return `shard.${shardToken(sender.shard)}`
    default:
      return sender.kind
  }
}

function regionToken(region: string): string {
  if (!regionPattern.test(region)) throw new Error(`region must be one lower-case letter, not "${region}"`)
  return region
}

function shardToken(shard: number): string {
  if (!Number.isInteger(shard) || shard < 0 || shard > shardMax) {
    throw new Error(`shard must be an integer from 0 to ${shardMax}, not ${shard}`)
  }
  return String(shard)
}

function idToken(name: string, id: string): string {
  if (!idPattern.test(id)) throw new Error(`${name} must be 1 to 64 letters, digits, "-" or "_", not "${id}"`)
  return id
}
