import { join, relative } from 'node:path'
import { buildConsole } from '../../edge/console/build.ts'
import { openDataFolder } from './dataFolder.ts'
import { type Installation, installationOf } from './installation.ts'
import { parseStartOptions, type StartOptions, UsageError, usage } from './options.ts'

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
    return openDataFolder(options.data, options.regions === 2 ? 'ab' : options.region, options.shards)
  } catch (error) {
    return fail((error as Error).message)
  }
}

function announce(options: StartOptions, { caFile, whole }: Installation, seconds: string): void {
  const { regions, region, shards, workers, runtime, port, secondPort, data } = options
  const url = `https://127.0.0.1:${port}`
  const ca = relative(process.cwd(), caFile)
  const state = whole ? 'are ready' : 'run, though not all of it is ready,'
  const ready = regions === 2 ? `Regions a and b ${state}` : `Region ${region} is ready`
  const each = regions === 2 ? ' in each' : ''
  const second = regions === 2 ? `\n  and b      https://127.0.0.1:${secondPort}/v1` : ''
  const folder = join(relative(process.cwd(), data), regions === 2 ? 'a' : '')
  // The tools look into .data when no folder is named.
  const aside = folder === '.data' ? '' : ` --data ${folder}`
  process.stdout.write(`
${ready} after ${seconds} s: ${shards} shards, ${workers} workers${each}, ${runtime}

  API        ${url}/v1        docs ${url}/docs${second}
  Console    ${url}/console/
  Data       ${data}
  Logs       ${data}${regions === 2 ? '/{a,b}' : ''}/log

Try it from another terminal:

  curl --cacert ${ca} ${url}/readyz
  npx jiaozi wallet open${aside}
  npm run demo${aside === '' ? '' : ` --${aside}`}

Ctrl-C stops everything; the next start has every balance.
`)
}

// Nobody may listen any more, or the disk behind them be full: what is said here must end nothing.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

const options = readOptions()
const folder = openFolder(options)
const beganMs = performance.now()
const installation: Installation = installationOf(options, {
  progress: (line) => process.stdout.write(`  ✓ ${line}\n`),
  trouble: (line) => process.stderr.write(`jiaozi: ${line}\n`),
  hopeless: (reason) => void stop(1, reason),
})

let stopping = false
async function stop(code: number, why?: string): Promise<void> {
  if (stopping) return
  stopping = true
  if (why !== undefined) process.stderr.write(`jiaozi: ${why}\n`)
  await installation.stop().catch((error: unknown) => {
    process.stderr.write(`jiaozi: ${(error as Error).message}\n`)
    installation.kill()
  })
  folder.release()
  process.exit(code)
}

function onSignal(): void {
  if (stopping) {
    installation.kill()
    folder.release()
    process.exit(1)
  }
  process.stdout.write('\nstopping: draining what is under way\n')
  void stop(0)
}
process.on('SIGINT', onSignal)
process.on('SIGTERM', onSignal)
// A terminal that ends may say so more than once, and nobody is there who is impatient.
process.on('SIGHUP', () => void stop(0))

try {
  await buildConsole().catch((error: Error) => {
    process.stderr.write(`jiaozi: ${error.message}: everything else runs without it\n`)
  })
  await installation.start()
  announce(options, installation, ((performance.now() - beganMs) / 1_000).toFixed(1))
} catch (error) {
  await stop(1, error instanceof Error ? error.message : `cannot start: ${error}`)
}
