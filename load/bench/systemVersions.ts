import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { ensureNatsServer } from '../../deploy/natsServer.ts'
import { programOn } from '../../deploy/supervisor/plan.ts'

const timeoutMs = 10_000

/** Of the message server that a region started now runs on, and of Deno where its processes run on that. */
export async function systemVersions(runtime: 'node' | 'deno'): Promise<Record<string, string>> {
  const { version } = await ensureNatsServer()
  return { 'nats-server': version, ...(runtime === 'deno' ? { deno: await denoVersion() } : {}) }
}

async function denoVersion(): Promise<string> {
  const { command } = programOn('deno', '')
  const { stdout } = await promisify(execFile)(command, ['--version'], { timeout: timeoutMs })
  const version = /^deno (\S+)/.exec(stdout)?.[1]
  if (version === undefined) throw new Error(`${command} does not say its version: ${stdout}`)
  return version
}
