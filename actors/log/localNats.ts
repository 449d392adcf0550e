import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const binary = new URL('../../deploy/tools/bin/nats-server', import.meta.url).pathname

export type LocalNats = {
  url: string
  monitorUrl: string
  kill(): Promise<void>
  start(): Promise<void>
  pause(): void
  resume(): void
  stop(): Promise<void>
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

export const localNatsExists = existsSync(binary)

export async function startLocalNats(extra = '', sync = 'sync_interval: always,'): Promise<LocalNats> {
  const dir = mkdtempSync(join(tmpdir(), 'jiaozi-nats-'))
  const [port, monitorPort] = [await freePort(), await freePort()]
  const config = join(dir, 'nats.conf')
  writeFileSync(
    config,
    `host: 127.0.0.1\nport: ${port}\nhttp: "127.0.0.1:${monitorPort}"\nmax_payload: 2MB\n` +
      `jetstream { store_dir: "${dir}/js", ${sync} max_file_store: 4GB }\n${extra}`,
  )
  let child: ChildProcess
  const nats: LocalNats = {
    url: `nats://127.0.0.1:${port}`,
    monitorUrl: `http://127.0.0.1:${monitorPort}`,
    async start() {
      child = spawn(binary, ['-c', config], { stdio: 'ignore' })
      for (let i = 0; i < 200; i++) {
        const answer = await fetch(`${nats.monitorUrl}/healthz`).catch(() => undefined)
        await answer?.body?.cancel()
        if (answer?.ok) return
        await new Promise((resolve) => setTimeout(resolve, 25))
      }
      throw new Error('nats-server did not become healthy')
    },
    async kill() {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      process.kill(child.pid!, 'SIGKILL')
      await gone
    },
    // By number: under Deno a child that was signalled once takes no second signal through its handle.
    pause: () => void process.kill(child.pid!, 'SIGSTOP'),
    resume: () => void process.kill(child.pid!, 'SIGCONT'),
    async stop() {
      await nats.kill()
      rmSync(dir, { recursive: true, force: true })
    },
  }
  await nats.start()
  return nats
}
