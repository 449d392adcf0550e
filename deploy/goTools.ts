import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
/** Folder with the Go module that pins the tools. */
export const pinnedToolsDir = join(import.meta.dirname, 'tools')
const goVersionMin = '1.26.0'
const buildTimeoutMs = 600_000

export type GoTool = {
  name: string
  /** Import path of its program in the pinned module. */
  program: string
  /** What the linker is told beside leaving symbols out. */
  ldflags?: string
  /** What to do for somebody who has no Go. */
  otherWays: string
}

/** True when dotted version `a` is at least `b`; what follows a hyphen does not count. */
export function versionAtLeast(a: string, b: string): boolean {
  const numbers = (text: string): number[] => text.split('-')[0]!.split('.').map(Number)
  const [left, right] = [numbers(a), numbers(b)]
  for (let i = 0; i < 3; i++) if ((left[i] ?? 0) !== (right[i] ?? 0)) return (left[i] ?? 0) > (right[i] ?? 0)
  return true
}

/** What a program says its version is; undefined when it does not run. */
export async function versionOf(path: string): Promise<string | undefined> {
  try {
    return /\bv?(\d+\.\d+\.\d+\S*)/.exec((await run(path, ['--version'])).stdout)?.[1]
  } catch {
    return undefined
  }
}

export function onPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

export const builtPath = (toolsDir: string, name: string): string => join(toolsDir, 'bin', name)

/**
 * Builds a pinned tool into the module's folder `bin`.
 * @throws Error that says how to have the tool without Go, or why the build failed.
 */
export async function buildGoTool(toolsDir: string, tool: GoTool, log: (line: string) => void): Promise<void> {
  const { name, program, ldflags = '', otherWays } = tool
  const go = onPath('go')
  const goVersion = go && /go(\d+\.\d+(\.\d+)?)/.exec((await run(go, ['env', 'GOVERSION'])).stdout)?.[1]
  if (!go || !goVersion || !versionAtLeast(goVersion, goVersionMin)) {
    throw new Error(`no ${name} was found and Go >= 1.26 is not here to build it: ${otherWays}, or install Go >= 1.26`)
  }
  log(`building ${name} (once, about a minute)`)
  mkdirSync(join(toolsDir, 'bin'), { recursive: true })
  // Built aside and moved in place, so that two starts at once never run half a file.
  const aside = mkdtempSync(join(toolsDir, 'bin', '.build-'))
  try {
    const output = join(aside, name)
    const args = ['build', '-trimpath', `-ldflags=-s -w ${ldflags}`.trimEnd(), '-o', output, program]
    await run(go, args, { cwd: toolsDir, timeout: buildTimeoutMs })
    renameSync(output, builtPath(toolsDir, name))
  } catch (error) {
    throw new Error(`${name} could not be built: ${String((error as { stderr?: string }).stderr ?? error).trim()}`)
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}
