import { spawn } from 'node:child_process'
import { constants } from 'node:os'

/** @type {NodeJS.Signals[]} */
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGWINCH']

/**
 * One Ctrl-C reaches this process twice: from the terminal, and from npm, which passes on what it got itself. A second
 * press that a person means comes later than this.
 */
const sameSignalMs = 500

/**
 * Runs a command to its end and passes on every signal that would end this process, each once.
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 * @param {(child: import('node:child_process').ChildProcess, signal: NodeJS.Signals) => void} [send] how it is told
 * @returns {Promise<number>} its exit code, 128 + n when signal n ended it
 * @throws {Error} when the command cannot be started
 */
export function runChild(command, args, options, send = (child, signal) => child.kill(signal)) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, options)
    const stop = forwardSignals((signal) => send(child, signal))
    child.once('error', (error) => {
      stop()
      reject(error)
    })
    child.once('exit', (code, signal) => {
      stop()
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0))
    })
  })
}

/**
 * Takes every signal that would end this process and hands each on once.
 * @param {(signal: NodeJS.Signals) => void} send
 * @returns {() => void} ends the forwarding
 */
export function forwardSignals(send) {
  /** @type {Map<NodeJS.Signals, number>} */
  const lastSentMs = new Map()
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => {
    const nowMs = performance.now()
    const lastMs = lastSentMs.get(signal)
    if (lastMs !== undefined && nowMs - lastMs < sameSignalMs) return
    lastSentMs.set(signal, nowMs)
    send(signal)
  }
  for (const signal of forwarded) process.on(signal, forward)
  return () => {
    for (const signal of forwarded) process.removeListener(signal, forward)
  }
}
