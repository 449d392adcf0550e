import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { runMain } from '../log/process.ts'
import { restore } from './restore.ts'

const usage = `Usage: npx jiaozi restore DIR [--data DATA] [--root-key FILE]

Makes an empty data folder from the backup in DIR. The root key of the region, which no backup holds, is taken from FILE,
or from DATA/keys/root.key, which may lie there already. The next npm start -- --data DATA goes on where the backup ended,
and the lists are rebuilt from the log. What was paid after the backup is not known to the restored region.
`

runMain('restore', async () => {
  const { values } = parseArgs({
    options: {
      data: { type: 'string', default: '.data' },
      from: { type: 'string' },
      'root-key': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help || values.from === undefined) {
    process.stdout.write(usage)
    process.exit(values.help ? 0 : 2)
  }
  const dataDir = resolve(values.data)
  const rootKey = values['root-key'] === undefined ? undefined : resolve(values['root-key'])
  const { region, createdAt, shards } = await restore({ from: resolve(values.from), dataDir, rootKey })
  for (const { shard, seq, digest } of shards) process.stdout.write(`  shard ${shard}  to ${seq}  digest ${digest}\n`)
  process.stdout.write(`restored region ${region} as of ${createdAt} into ${dataDir}\n`)
  process.exit(0)
})
