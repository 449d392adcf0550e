import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../deploy/freePort.ts'
import { ensureNatsServer, type NatsProcess, startNatsServer } from '../../deploy/natsServer.ts'

/** A real server on a folder of its own, for tests that kill, freeze and start it again under its clients. */
export type RestartableNats = {
  readonly url: string
  readonly monitorUrl: string
  /** kill -9, and waits until it is gone. */
  kill(): Promise<void>
  /** Starts it again on the same ports and the same folder. */
  start(): Promise<void>
  pause(): void
  resume(): void
  /** Ends it and removes its folder. */
  stop(): Promise<void>
}

/** @param configOf the server's configuration; without it one that syncs always */
export async function startRestartableNats(
  configOf?: (place: { dir: string; port: number; monitorPort: number }) => string,
): Promise<RestartableNats> {
  const dir = mkdtempSync(join(tmpdir(), 'jiaozi-nats-'))
  const [port, monitorPort] = [await freePort(), await freePort()]
  const config = configOf?.({ dir, port, monitorPort })
  const start = () => startNatsServer({ dir, port, monitorPort, ...(config === undefined ? {} : { config }) })
  let server: NatsProcess = await start()
  const signal = (name: NodeJS.Signals) => {
    // By number: under Deno a child that was signalled once takes no second signal through its handle.
    process.kill(server.pid, name)
  }
  const kill = async () => {
    signal('SIGKILL')
    await server.exited
  }
  return {
    url: server.url,
    monitorUrl: server.monitorUrl,
    kill,
    async start() {
      server = await start()
    },
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    async stop() {
      await kill()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** Why there is no real server on this machine; undefined when there is one. Continuous integration must have one. */
export async function natsMissing(): Promise<string | undefined> {
  try {
    await ensureNatsServer()
    return undefined
  } catch (error) {
    if (process.env.CI) throw error
    return (error as Error).message
  }
}
