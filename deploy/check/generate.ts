import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { root } from './checks.ts'
import { apiPage, openApiDocument } from './documents/apiPage.ts'
import { clientApi } from './documents/clientApi.ts'
import { framesPage } from './documents/framesPage.ts'
import { limitsPage } from './documents/limitsPage.ts'
import { refusalsPage } from './documents/refusalsPage.ts'

const run = promisify(execFile)
const bufTimeoutMs = 60_000
const protoFolder = 'edge/proto'

/** Every file that is made from another, by its path from the root. */
async function generatedFiles(): Promise<Map<string, string>> {
  const document = await openApiDocument()
  return new Map([
    ['docs/reference/api.md', apiPage(document)],
    ['docs/reference/openapi.json', `${JSON.stringify(document, null, 2)}\n`],
    ['edge/client/api.ts', clientApi(document)],
    ['docs/reference/frames.md', framesPage()],
    ['docs/reference/limits.md', limitsPage()],
    ['docs/reference/refusals.md', refusalsPage()],
    ...(await protobufCode()),
  ])
}

async function protobufCode(): Promise<[string, string][]> {
  const folder = mkdtempSync(join(tmpdir(), 'jiaozi-proto-'))
  const bin = join(root, 'node_modules/.bin')
  try {
    await run(join(bin, 'buf'), ['generate', '--output', folder], {
      cwd: join(root, protoFolder),
      env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` },
      timeout: bufTimeoutMs,
    })
    return filesUnder(folder).map((path) => [join(protoFolder, path), readFileSync(join(folder, path), 'utf8')])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
}

/** `npm run generate` writes the files; with `--check` it changes nothing and fails when one of them is not as it would be. */
async function main(check: boolean): Promise<boolean> {
  let stale = 0
  for (const [path, text] of await generatedFiles()) {
    const file = join(root, path)
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
    stale += 1
    process.stdout.write(`${path} ${check ? 'is not what npm run generate writes' : 'written'}\n`)
    if (check) continue
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  return !check || stale === 0
}

process.exitCode = (await main(process.argv.includes('--check'))) ? 0 : 1
