import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { createBlobs } from '../log/blobs.ts'
import { openKeyRing } from '../log/fileKeyRing.ts'
import { folderSegments } from '../log/folderSegments.ts'
import { connectNats } from '../log/natsConnection.ts'
import { objectSnapshots } from '../log/objectSnapshots.ts'
import { parseOwnerRecord } from '../log/ownerRecord.ts'
import { runMain } from '../log/process.ts'
import { loadSettings } from '../log/settings.ts'
import { segmentsDir } from './backup.ts'
import { rejoinShard, type ShardStores } from './rejoin.ts'

const access = z.object({ url: z.string(), user: z.string().optional(), password: z.string().optional() })
const place = z.object({ region: z.string(), archiveDir: z.string(), nats: access })
const rejoinSettings = z.object({
  keysDir: z.string(),
  own: place,
  other: place,
  /** The shards of which a log was lost, their records, and the last position that lay there alone. */
  shards: z.array(z.object({ shard: z.number().int(), lost: z.number().int(), record: z.unknown() })),
  /** The other region makes its snapshots and its archive in its own time. */
  waitMsMax: z.number().int(),
})
type Place = z.infer<typeof place>

const askEveryMs = 1_000

/** Runs once in a region that has lost its logs, before its workers and followers begin. */
runMain('rejoin', async () => {
  const { keysDir, own, other, shards, waitMsMax } = loadSettings(rejoinSettings)
  const blobs = createBlobs(openKeyRing(keysDir))
  const open = async ({ region, archiveDir, nats }: Place): Promise<ShardStores> => {
    const connection = await connectNats(nats, { name: 'rejoin', inboxPrefix: `_INBOX.${nats.user ?? 'rejoin'}` })
    const snapshots = await objectSnapshots(connection, blobs, { region })
    return { snapshots, segments: folderSegments(segmentsDir(archiveDir), blobs, region) }
  }
  const [to, from] = [await open(own), await open(other)]
  const deadlineMs = performance.now() + waitMsMax
  for (const { shard, lost, record } of shards) {
    const { segments } = parseOwnerRecord(record)
    for (;;) {
      const missing = await rejoinShard({ shard, lost, segments }, from, to)
      if (missing === undefined) break
      if (performance.now() > deadlineMs) throw new Error(missing)
      await sleep(askEveryMs)
    }
  }
  process.exit(0)
})
