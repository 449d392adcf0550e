import type { RoomFor } from '../log/replicaSnapshot.ts'

/** Room beyond what is asked for, so that a state that grows a little fits the next time too. */
const spareShare = 1 / 4

/**
 * Where the shards of a process take their snapshots, one after the other. Shards that keep much for one another are due
 * together; taken together their copies would stand in memory together, and what each stands still for would add up.
 * The memory of a copy is kept for the next: memory that is new to a process costs it several times what copying does.
 */
export class SnapshotRoom {
  #bytes = new Uint8Array(0)
  #last: Promise<void> = Promise.resolve()

  /** Runs `work` once nobody else is in the room. What it is given is its own until it ends. */
  enter(work: (roomFor: RoomFor) => Promise<void>): Promise<void> {
    const entered = this.#last.then(() => work((bytes) => this.#roomFor(bytes)))
    // Whoever comes next enters after a failure too; who failed still hears of it.
    this.#last = entered.catch(() => undefined)
    return entered
  }

  #roomFor(bytes: number): Uint8Array {
    if (this.#bytes.length < bytes) this.#bytes = new Uint8Array(Math.ceil(bytes * (1 + spareShare)))
    return this.#bytes.subarray(0, bytes)
  }
}
