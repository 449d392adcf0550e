import { relative } from 'node:path'
import { openDataFolder } from './dataFolder.ts'
import { parseStartOptions, type StartOptions, UsageError, usage } from './options.ts'
import { RegionProcesses } from './region.ts'

function fail(line: string): never {
  process.stderr.write(`jiaozi: ${line}\n`)
  process.exit(1)
}

function readOptions(): StartOptions {
  try {
    const options = parseStartOptions(process.argv.slice(2))
    if (options !== undefined) return options
  } catch (error) {
    if (error instanceof UsageError) fail(error.message)
    throw error
  }
  process.stdout.write(usage)
  process.exit(0)
}

function openFolder(options: StartOptions): { release(): void } {
  try {
    return openDataFolder(options.data, options.region, options.shards)
  } catch (error) {
    return fail((error as Error).message)
  }
}

function announce(options: StartOptions, region: RegionProcesses, seconds: string): void {
  const url = `https://127.0.0.1:${options.port}`
  const ca = relative(process.cwd(), region.caFile)
  process.stdout.write(`
Region ${options.region} is ready after ${seconds} s: ${options.shards} shards, ${options.workers} workers, ${options.runtime}

  API        ${url}/v1        docs ${url}/docs
  Data       ${options.data}
  Logs       ${options.data}/log

Try it from another terminal:

  curl --cacert ${ca} ${url}/readyz
  npx jiaozi wallet open
  npm run demo

Ctrl-C stops everything; the next start has every balance.
`)
}

const options = readOptions()
const folder = openFolder(options)
const beganMs = performance.now()
const region = new RegionProcesses(
  options,
  (line) => process.stdout.write(`  ✓ ${line}\n`),
  (reason) => void stop(1, reason),
)

let stopping = false
async function stop(code: number, why?: string): Promise<void> {
  if (stopping) return
  stopping = true
  if (why !== undefined) process.stderr.write(`jiaozi: ${why}\n`)
  await region.stop().catch((error: unknown) => {
    process.stderr.write(`jiaozi: ${(error as Error).message}\n`)
    region.kill()
  })
  folder.release()
  process.exit(code)
}

function onSignal(): void {
  if (stopping) {
    region.kill()
    folder.release()
    process.exit(1)
  }
  process.stdout.write('\nstopping: draining what is under way\n')
  void stop(0)
}
process.on('SIGINT', onSignal)
process.on('SIGTERM', onSignal)

try {
  await region.start()
  announce(options, region, ((performance.now() - beganMs) / 1_000).toFixed(1))
} catch (error) {
  await stop(1, error instanceof Error ? error.message : `cannot start: ${error}`)
}
