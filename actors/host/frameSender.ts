import type { OwnerDirectory } from '../log/ownerDirectory.ts'
import type { Sealer } from '../log/sealing.ts'
import { type CommandSender, commandSubject } from '../log/subjects.ts'
import type { HostPorts } from './ports.ts'

export type FrameSenderOptions = {
  /** Of this process: with a counter it names every frame that is sent. */
  incarnation: number
  owners: OwnerDirectory
  sealerFor: (shard: number) => Sealer
  ports: Pick<HostPorts, 'append' | 'nowMs'>
}

/** Seals a leader's frames for the log of any shard, in its owner's region and epoch. */
export class FrameSender {
  readonly #o: FrameSenderOptions
  #counter = 0

  constructor(options: FrameSenderOptions) {
    this.#o = options
  }

  /** True when the frame is stored, which says nothing yet about whether a cut voids it. */
  async append(
    to: number,
    sender: CommandSender,
    { kind, count, body }: { kind: number; count: number; body: Uint8Array },
    timeoutMs: number,
  ): Promise<boolean> {
    const { incarnation, owners, sealerFor, ports } = this.#o
    const owner = owners.ownerOf(to)
    if (owner === undefined) return false
    const { region, epoch } = owner
    const fields = { kind, epoch, count, incarnation, counter: ++this.#counter, clockMs: ports.nowMs() }
    const sealed = sealerFor(to).sealMaybe(fields, body)
    // Not awaited where it need not be: the frame then leaves in the write of this turn.
    const frame = sealed instanceof Promise ? await sealed : sealed
    const outcome = await ports.append(to, commandSubject(region, to, sender), frame, timeoutMs)
    return outcome.kind === 'appended'
  }
}
