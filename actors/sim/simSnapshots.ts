import type { Blobs } from '../log/blobs.ts'
import type { OwnerSegment } from '../log/ownerRecord.ts'
import type { Snapshot, SnapshotContents } from '../log/snapshot.ts'
import { sealSnapshot } from '../log/snapshotCodec.ts'
import { newestFirst, openNewest, type SnapshotInfo, type SnapshotStore } from '../log/snapshotStore.ts'
import type { Chronicle } from './chronicle.ts'
import type { Prng } from './prng.ts'
import type { SimProcess } from './simProcess.ts'
import type { Faults } from './swarm.ts'
import type { VirtualTime } from './virtualTime.ts'

type Stored = { info: SnapshotInfo; pieces: Uint8Array[]; rotten: boolean }
const kept = 3

/** Sealed snapshots in memory. A save may fail before or after it is done, and what is stored may rot. */
export class SimSnapshots {
  faults: Faults['snapshot']
  readonly #time: VirtualTime
  readonly #prng: Prng
  readonly #chronicle: Chronicle
  readonly #blobs: Blobs
  readonly #stored = new Map<number, Stored[]>()

  constructor(faults: Faults['snapshot'], time: VirtualTime, prng: Prng, chronicle: Chronicle, blobs: Blobs) {
    this.faults = faults
    this.#time = time
    this.#prng = prng
    this.#chronicle = chronicle
    this.#blobs = blobs
  }

  of(process: SimProcess): SnapshotStore {
    return {
      save: async (contents) => {
        const pieces: Uint8Array[] = []
        for await (const piece of sealSnapshot(this.#blobs, contents)) pieces.push(piece)
        await this.#save(process, contents, pieces)
      },
      newest: async (shard, segments) => {
        await this.#wait(process)
        return this.#open(shard, segments)
      },
      list: async (shard) => this.#of(shard).map(({ info }) => info),
    }
  }

  /** Up to where a log may be trimmed: the oldest snapshot that can be relied on has it all. 0 when there is none. */
  trimmableTo(shard: number): number {
    const sound = this.#of(shard).filter(({ rotten }) => !rotten)
    return sound.at(-1)?.info.seq ?? 0
  }

  #of(shard: number): Stored[] {
    return this.#stored.get(shard) ?? []
  }

  #wait(process: SimProcess): Promise<void> {
    return process.promise((resolve) => void this.#time.after(this.#prng.between(1, 80), () => resolve()))
  }

  async #save(process: SimProcess, contents: SnapshotContents, pieces: Uint8Array[]): Promise<void> {
    const fails = this.#prng.chance(this.faults.fail) || process.cutOff
    const stored = !process.cutOff && (!fails || this.#prng.chance(0.5))
    const rotten = this.#prng.chance(this.faults.rot)
    await this.#wait(process)
    if (stored) this.#keep(contents, pieces, rotten)
    if (!fails) return
    this.#chronicle.tell(stored ? 'snapshot.answerLost' : 'snapshot.notSaved')
    throw new Error('the object store did not answer')
  }

  #keep({ region, shard, epoch, seq, createdMs }: SnapshotContents, pieces: Uint8Array[], rotten: boolean): void {
    if (rotten) pieces.at(-1)![0]! ^= 1
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0)
    const info = { region, shard, epoch, seq, name: `${shard}-${seq}`, createdMs, bytes }
    const others = this.#of(shard).filter((other) => other.info.name !== info.name)
    const all = [...others, { info, pieces, rotten }].sort((a, b) => newestFirst(a.info, b.info))
    // What a cleaner keeps it must be able to open: the newest sound ones, and what is newer than they.
    let sound = 0
    this.#stored.set(
      shard,
      all.filter((one) => (one.rotten ? sound < kept : ++sound <= kept)),
    )
    this.#chronicle.tell(rotten ? 'snapshot.rotten' : 'snapshot.saved', `${shard}/${seq}`)
  }

  #open(shard: number, segments: readonly OwnerSegment[] | undefined): Promise<Snapshot | undefined> {
    const stored = this.#of(shard)
    const read = async function* (info: SnapshotInfo): AsyncGenerator<Uint8Array> {
      yield* stored.find((one) => one.info === info)!.pieces
    }
    const infos = stored.map(({ info }) => info)
    return openNewest(infos, segments, this.#blobs, read, () => this.#chronicle.tell('snapshot.refused', String(shard)))
  }
}
