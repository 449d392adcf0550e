import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, 'assets')
const types: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
}
const names = ['pay.css', 'pay.js', 'passkey.js', 'wallet.js'] as const
export type AssetName = (typeof names)[number]

type Asset = { readonly type: string; readonly content: Uint8Array<ArrayBuffer> }

const assets: ReadonlyMap<string, Asset> = new Map(
  names.map((name) => {
    const content = new Uint8Array(readFileSync(join(folder, name)))
    return [name, { type: types[name.split('.').at(-1)!]!, content }]
  }),
)

/** Changes with any of the files, so that a browser may keep what it has for ever. */
const version = versionOf(assets.values())

function versionOf(files: Iterable<Asset>): string {
  const hash = createHash('sha256')
  for (const { content } of files) hash.update(content)
  return hash.digest('hex').slice(0, 12)
}

export const assetsPath = '/assets/pay'

export function assetUrl(name: AssetName): string {
  return `${assetsPath}/${version}/${name}`
}

/** A file of this version of the pages. */
export function assetAt(ofVersion: string, name: string): Asset | undefined {
  return ofVersion === version ? assets.get(name) : undefined
}
