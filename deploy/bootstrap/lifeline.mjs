import { Socket } from 'node:net'
import { isMainThread } from 'node:worker_threads'

/** The descriptor on which the launcher holds the other end of a pipe. */
const lifelineDescriptor = 3

/**
 * A program runs in a session of its own, so that a Ctrl-C reaches it once. The price is that it would outlive a
 * launcher that is killed with -9: then the pipe closes, and the program drains as if it had been told to stop.
 * Worker threads and processes that the program forks load this file too, and have no such pipe.
 */
if (isMainThread && process.env.JIAOZI_LAUNCHER_PID === String(process.ppid)) {
  delete process.env.JIAOZI_LAUNCHER_PID
  const lifeline = new Socket({ fd: lifelineDescriptor })
  lifeline.on('error', () => lifeline.destroy())
  lifeline.on('close', () => process.kill(process.pid, 'SIGTERM'))
  lifeline.resume()
  lifeline.unref()
}
