import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runChild } from './child.mjs'
import { ensureInstalled } from './install.mjs'
import { failWith } from './refusal.mjs'

const nodeMajorMin = 26
const root = fileURLToPath(new URL('../..', import.meta.url))
const lifeline = new URL('lifeline.mjs', import.meta.url).href

/**
 * Runs a program of this repository with the locked Node and the locked packages, and ends with its exit code.
 * Standard input, output and error are its own. It runs in a session of its own: signals reach it through this
 * process alone, each once, and this process waits until it has drained.
 * @param {string} program path from the root
 * @param {string[]} args
 * @param {string[]} nodeFlags
 */
export async function runProgram(program, args, nodeFlags = []) {
  const file = join(root, program)
  if (!existsSync(file)) failWith(`${program} is not there: this clone is not whole`)
  const node = await installedNode()
  const path = [join(root, 'node_modules', '.bin'), process.env.PATH].filter(Boolean).join(delimiter)
  const code = await runChild(node, [...nodeFlags, '--import', lifeline, file, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    detached: true,
    env: { ...process.env, PATH: path, JIAOZI_LAUNCHER_PID: String(process.pid) },
  }).catch((error) => failWith(`${node} cannot be started: ${error.message}`))
  process.exit(code)
}

/**
 * Installs the locked packages when they are missing or stale.
 * @returns {Promise<string>} the Node that they bring, or the running one where they bring none for this platform
 */
export async function installedNode() {
  await ensureInstalled(root)
  const locked = join(root, 'node_modules', '.bin', 'node')
  if (existsSync(locked)) return locked
  if (Number.parseInt(process.versions.node, 10) >= nodeMajorMin) return process.execPath
  const here = `${process.platform}-${process.arch}`
  failWith(`no Node comes with the packages for ${here}: run this with Node >= ${nodeMajorMin}, not ${process.version}`)
}
