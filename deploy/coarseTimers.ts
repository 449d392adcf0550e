/** As late as a sleep may end: little beside the heartbeats of half a second that followers ask the server for. */
const timerSlackNs = 2_000_000

/** The setting outlives `exec`, and all threads of the program inherit it; where it is refused the program starts without. */
const launch = `{ echo ${timerSlackNs} > /proc/self/timerslack_ns; } 2> /dev/null; exec "$0" "$@"`

/**
 * The command that starts a program whose sleeps may end up to 2 ms late, where the kernel knows such a thing
 * (Linux, `proc_pid_timerslack_ns(5)`). Go's scheduler looks after its threads every 20 µs while there is work, with a
 * sleep between: of a message server whose work comes in small pieces that is a third of the processor
 * (docs/adr/0022).
 */
export function coarseTimers(
  program: string,
  args: readonly string[],
  platform: NodeJS.Platform = process.platform,
): { command: string; args: string[] } {
  if (platform !== 'linux') return { command: program, args: [...args] }
  return { command: '/bin/sh', args: ['-c', launch, program, ...args] }
}
