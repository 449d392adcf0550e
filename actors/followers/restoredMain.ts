import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { createBlobs } from '../log/blobs.ts'
import { openKeyRing } from '../log/fileKeyRing.ts'
import { folderSnapshots } from '../log/folderSnapshots.ts'
import { connectNats } from '../log/natsConnection.ts'
import { objectSnapshots } from '../log/objectSnapshots.ts'
import { runMain } from '../log/process.ts'
import { loadSettings } from '../log/settings.ts'
import { snapshotsDir } from './backup.ts'
import { beginRestoredLog, restoredFile, restoredPlaces } from './restoredLogs.ts'

const restoredSettings = z.object({
  region: z.string(),
  keysDir: z.string(),
  dataDir: z.string(),
  archiveDir: z.string(),
  nats: z.object({ url: z.string(), user: z.string().optional(), password: z.string().optional() }),
})

/** Runs once, with the server's administrator, before the first start on a restored folder begins any worker. */
runMain('restored', async () => {
  const { region, keysDir, dataDir, archiveDir, nats } = loadSettings(restoredSettings)
  const file = join(dataDir, restoredFile)
  const blobs = createBlobs(openKeyRing(keysDir))
  const connection = await connectNats(nats, { name: 'restored', inboxPrefix: `_INBOX.${nats.user ?? 'restored'}` })
  const snapshots = await objectSnapshots(connection, blobs, { region })
  const archived = folderSnapshots(snapshotsDir(archiveDir), blobs)
  for (const place of restoredPlaces.parse(JSON.parse(readFileSync(file, 'utf8')))) {
    await beginRestoredLog(connection, region, place, archived, snapshots)
  }
  rmSync(file)
  await connection.drain()
  process.exit(0)
})
