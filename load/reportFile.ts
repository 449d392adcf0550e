import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/**
 * Whether a report can be written to `file`, to be asked before what it will hold is measured, which may take an hour.
 * @returns why not, for who typed `--json`, or undefined when it can
 */
export function whyNotWritable(file: string): string | undefined {
  const path = resolve(file)
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return `--json "${file}" is a folder, not a file`
  try {
    accessSync(existsSync(path) ? path : dirname(path), constants.W_OK)
    return undefined
  } catch (error) {
    return `--json ${file} cannot be written (${(error as NodeJS.ErrnoException).code})`
  }
}
