import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NatsConnection } from '@nats-io/nats-core'
import { openKeyRing } from '../../actors/log/fileKeyRing.ts'
import { newIncarnation } from '../../actors/log/incarnation.ts'
import { type JetStreamLog, openJetStreamLog } from '../../actors/log/jetStreamLog.ts'
import { decodeJson, encodeJson } from '../../actors/log/jsonBytes.ts'
import type { KeyRing } from '../../actors/log/keyRing.ts'
import { connectNats, type NatsAccess } from '../../actors/log/natsConnection.ts'
import type { Query, QueryAnswer } from '../../actors/log/queries.ts'
import { createSealer, type Sealer } from '../../actors/log/sealing.ts'
import { type CommandSender, commandSubject, querySubject } from '../../actors/log/subjects.ts'

const appendTimeoutMs = 20_000
const queryTimeoutMs = 2_000

/** Access to the shards of a running region below HTTP, with the rights of its edge: for the rows that measure the log. */
export type Wire = {
  region: string
  shardCount: number
  ring: KeyRing
  connection: NatsConnection
  logs: JetStreamLog[]
  /** This program as an edge: the number under which answers reach it, and its incarnation in them. */
  edgeId: string
  incarnation: number
  /** Seals a frame and sends it; `stored` resolves to its sequence once it is durable, and fails when it is not stored. */
  send(shard: number, kind: number, count: number, body: Uint8Array): { counter: number; stored: Promise<number> }
  /** Seals a frame and appends it; resolves once it is durable. @throws Error when it is not stored. */
  append(shard: number, kind: number, count: number, body: Uint8Array): Promise<number>
  /** The same with the rights of the connector. */
  appendAsConnector: Wire['append']
  ask<T extends Query>(shard: number, query: T): Promise<QueryAnswer<T['type']>>
  close(): Promise<void>
}

type ProcessFile = {
  region: string
  shardCount: number
  edgeId?: string
  connectorId?: string
  keysDir: string
  nats: NatsAccess
}

function readSettings(dataDir: string, name: string): ProcessFile {
  return JSON.parse(readFileSync(join(dataDir, 'run', `${name}.json`), 'utf8')) as ProcessFile
}

function connectAs(file: ProcessFile): Promise<NatsConnection> {
  return connectNats(file.nats, { name: 'bench', inboxPrefix: `_INBOX.${file.nats.user}` })
}

async function openLogs(connection: NatsConnection, file: ProcessFile): Promise<JetStreamLog[]> {
  const shards = Array.from({ length: file.shardCount }, (_, shard) => shard)
  return Promise.all(shards.map((shard) => openJetStreamLog(connection, file.region, shard)))
}

/** Logs of a running region for reading alone, with the projector's rights. */
export type LogReader = { connection: NatsConnection; logs: JetStreamLog[]; close(): Promise<void> }

export async function openLogReader(dataDir: string): Promise<LogReader> {
  const file = readSettings(dataDir, 'projector')
  const connection = await connectAs(file)
  return { connection, logs: await openLogs(connection, file), close: () => connection.close() }
}

export async function openWire(dataDir: string): Promise<Wire> {
  const edge = readSettings(dataDir, 'edge')
  const connector = readSettings(dataDir, 'connector')
  const { region, shardCount } = edge
  const ring = openKeyRing(edge.keysDir)
  const [connection, connectorConnection] = await Promise.all([connectAs(edge), connectAs(connector)])
  const logs = await openLogs(connection, edge)
  const connectorLogs = await openLogs(connectorConnection, connector)
  const sealers = logs.map((_, shard): Sealer => createSealer(ring, shard))
  const incarnation = newIncarnation()
  let counter = 0
  const sendTo =
    (targets: readonly JetStreamLog[], sender: CommandSender): Wire['send'] =>
    (shard, kind, count, body) => {
      const fields = { kind, epoch: 0, count, incarnation, counter: ++counter, clockMs: Date.now() }
      const frame = sealers[shard]!.seal(fields, body)
      const subject = commandSubject(region, shard, sender)
      const stored = targets[shard]!.append(subject, frame, { timeoutMs: appendTimeoutMs }).then((outcome) => {
        if (outcome.kind !== 'appended') throw new Error(`shard ${shard} did not store a frame: ${outcome.kind}`)
        return outcome.seq
      })
      return { counter, stored }
    }
  const send = sendTo(logs, { kind: 'edge', id: edge.edgeId! })
  const sendAsConnector = sendTo(connectorLogs, { kind: 'connector', id: connector.connectorId! })
  return {
    region,
    shardCount,
    ring,
    connection,
    logs,
    edgeId: edge.edgeId!,
    incarnation,
    send,
    append: (...frame) => send(...frame).stored,
    appendAsConnector: (...frame) => sendAsConnector(...frame).stored,
    ask: async (shard, query) => {
      const reply = await connection.request(querySubject(region, shard), encodeJson(query), {
        timeout: queryTimeoutMs,
      })
      return decodeJson(reply.data) as never
    },
    close: async () => {
      await connectorConnection.close()
      await connection.close()
    },
  }
}

/** A UUIDv7 of now. */
export function newIdBytes(nowMs = Date.now()): Uint8Array {
  const id = randomBytes(16)
  id.writeUIntBE(nowMs, 0, 6)
  id[6] = 0x70 | (id[6]! & 0x0f)
  id[8] = 0x80 | (id[8]! & 0x3f)
  return id
}
