import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runChild } from './child.mjs'
import { explainInstallFailure } from './installFailure.mjs'
import { isExpected, stalePackages } from './lockedPackages.mjs'
import { failWith, say } from './refusal.mjs'

const lockWaitExitCode = 75
const here = { os: process.platform, cpu: process.arch }

/**
 * Makes sure that the installed packages are the locked ones. Two at once take turns: the kernel holds the lock for as
 * long as the installing process lives, so that a killed one leaves nothing behind that blocks the next.
 * @param {string} root folder of package.json
 */
export async function ensureInstalled(root) {
  if (isInstalled(root)) return
  const lockFile = makeLockFolder(root)
  if (spawnSync('flock', ['--version']).error) return installNow(root)
  const install = ['--no-fork', lockFile, process.execPath, fileURLToPath(import.meta.url), root]
  let code = await runChild('flock', ['--nonblock', '--conflict-exit-code', `${lockWaitExitCode}`, ...install], inherit)
  if (code === lockWaitExitCode) {
    say('another process is installing the packages: waiting for it')
    code = await runChild('flock', install, inherit)
  }
  if (code !== 0) process.exit(code)
}

/** @type {import('node:child_process').SpawnOptions} Standard output belongs to the program that follows. */
const inherit = { stdio: ['ignore', 2, 2] }

/** @param {string} root */
function makeLockFolder(root) {
  const folder = join(root, '.tools')
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    failWith(`the packages cannot be installed into ${root}: ${messageOf(error)}`)
  }
  return join(folder, 'install.lock')
}

/** @param {string} root */
function isInstalled(root) {
  const lock = readLock(join(root, 'package-lock.json'))
  if (lock === undefined) failWith(`package-lock.json cannot be read in ${root}: this is not a whole clone`)
  const installed = readLock(join(root, 'node_modules', '.package-lock.json'))
  return stalePackages(lock, installed, here).length === 0
}

/**
 * @param {string} file
 * @returns {import('./lockedPackages.mjs').Lock | undefined} undefined when there is none or it is damaged
 */
function readLock(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

/** @param {string} root */
async function installNow(root) {
  if (isInstalled(root)) return
  say('installing the locked packages (about 1 GB, a minute or two)')
  const beganMs = performance.now()
  const logs = mkdtempSync(join(tmpdir(), 'jiaozi-install-'))
  // A failure ends the process on the spot: what was written for it goes when that does.
  process.once('exit', () => rmSync(logs, { recursive: true, force: true }))
  const stopProgress = showProgress(root)
  const [command, ...npm] = npmCommand()
  const args = [...npm, 'ci', '--include=dev', '--include=optional', '--loglevel=silent', `--logs-dir=${logs}`]
  const options = { ...inherit, cwd: root, detached: true }
  const ended = await runChild(command, args, options, killGroup).catch((error) => messageOf(error))
  stopProgress()
  if (typeof ended === 'number' && ended > 128) failWith('the installation was interrupted: the next start repeats it')
  if (ended !== 0 || !isInstalled(root)) failWith(explainInstallFailure(ended, readLogs(logs)))
  say(`packages installed in ${Math.round((performance.now() - beganMs) / 1000)} s`)
}

/**
 * npm answers a Ctrl-C by finishing the install and undoing it again. A half-made folder has no stamp, so cutting npm
 * off is as safe, and at once.
 * @param {import('node:child_process').ChildProcess} child leader of its own process group
 * @param {NodeJS.Signals} signal
 */
function killGroup(child, signal) {
  if (signal !== 'SIGWINCH' && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
}

/**
 * On a terminal, counts once a second how many packages are unpacked.
 * @param {string} root
 * @returns {() => void} ends it
 */
function showProgress(root) {
  if (!process.stderr.isTTY) return () => {}
  const folders = Object.entries(readLock(join(root, 'package-lock.json'))?.packages ?? {})
    .filter(([path, entry]) => path !== '' && isExpected(entry, here))
    .map(([path]) => join(root, path, 'package.json'))
  const timer = setInterval(() => {
    const unpacked = folders.filter((file) => existsSync(file)).length
    process.stderr.write(`\r${unpacked} of ${folders.length} packages`)
  }, 1_000)
  return () => {
    clearInterval(timer)
    process.stderr.write('\r\u001b[K')
  }
}

/**
 * The npm that called us where there is one, else the one on PATH.
 * @returns {[string, ...string[]]}
 */
function npmCommand() {
  const caller = process.env.npm_execpath ?? ''
  return basename(caller) === 'npm-cli.js' ? [process.execPath, caller] : ['npm']
}

/** @param {string} folder */
function readLogs(folder) {
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n')
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error)
}

// `ensureInstalled` runs this file as a program of its own, under the lock.
if (process.argv[1] === fileURLToPath(import.meta.url)) await installNow(process.argv[2] ?? process.cwd())
