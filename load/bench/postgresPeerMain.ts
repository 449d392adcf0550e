import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../deploy/freePort.ts'
import { startPostgres } from '../../deploy/postgres.ts'
import { type Kept, keepUntilTold } from './boundProgram.ts'
import type { PeerServer, PeerServerOptions } from './postgresBank.ts'

/** Keeps a PostgreSQL of its own for the bench, with its data in a temporary folder. */
await keepUntilTold(async (options: PeerServerOptions): Promise<Kept<PeerServer>> => {
  const folder = mkdtempSync(join(tmpdir(), 'jiaozi-peer-'))
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true })
  try {
    const [dir, port] = [join(folder, 'postgres'), await freePort()]
    const server = await startPostgres({ dir, port, ...options })
    const stop = async (): Promise<void> => {
      await server.stop()
      removeFolder()
    }
    return { facts: { pid: server.pid, dir, port }, stop }
  } catch (error) {
    removeFolder()
    throw error
  }
})
