import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { gzipSync } from 'node:zlib'

/** One file of the built console, as it is sent. */
export type Asset = {
  readonly type: string
  readonly content: Uint8Array<ArrayBuffer>
  readonly packed: Uint8Array<ArrayBuffer>
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/**
 * Everything that was built, by its path: read once, so that a request opens no file and names none.
 * @returns undefined when nothing was built
 */
export function readAssets(folder: string): ReadonlyMap<string, Asset> | undefined {
  try {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const assets = new Map<string, Asset>()
    for (const { parentPath, name } of files) {
      const type = types[extname(name)]
      if (type === undefined) continue
      const content = new Uint8Array(readFileSync(join(parentPath, name)))
      const path = join(parentPath, name).slice(folder.length + 1)
      assets.set(path, { type, content, packed: new Uint8Array(gzipSync(content)) })
    }
    return assets.has('index.html') ? assets : undefined
  } catch {
    return undefined
  }
}
