import {
  firstOwner,
  newShards,
  type OwnerRecords,
  readOwners,
  seedOwners,
  seedWitness,
  witnessRecords,
} from '../ownerRecords.ts'
import { provisionMirrors } from '../streams.ts'
import { beginAnew, findLostLogs, findUnreadable, LogsLost } from './lostLogs.ts'
import type { RegionProcesses } from './region.ts'
import type { Witness } from './witness.ts'

type Letter = 'a' | 'b'
const letters: readonly Letter[] = ['a', 'b']
const otherOf = (letter: Letter): Letter => (letter === 'a' ? 'b' : 'a')

/** The logs of two regions, with their mirrors and the records of who owns what. */
export class PairLogs {
  readonly #regions: Record<Letter, RegionProcesses>
  readonly #witness: Witness
  readonly #shards: number
  readonly #trouble: (line: string) => void

  constructor(
    regions: Record<Letter, RegionProcesses>,
    witness: Witness,
    shards: number,
    trouble: (line: string) => void,
  ) {
    this.#regions = regions
    this.#witness = witness
    this.#shards = shards
    this.#trouble = trouble
  }

  /**
   * Makes streams, first frames and first records where they are missing, each in the place where it belongs.
   * @returns regions that must stay down, since what they lost is not where it could be taken from
   */
  async begin(): Promise<Letter[]> {
    for (const letter of letters) await this.#regions[letter].servers.provision()
    const known = await witnessRecords(this.#witness.admin, this.#shards)
    const { fresh, lost } = newShards(known, await this.#copies())
    if (lost.length > 0) this.#trouble(`the witness has lost the records of shards ${lost.join(', ')}`)
    for (const letter of letters) {
      const own = fresh.filter((shard) => firstOwner(shard) === letter)
      if (own.length > 0) await this.#regions[letter].writeGenesis(own)
    }
    await seedWitness(this.#witness.admin, fresh)
    const down: Letter[] = []
    for (const letter of letters) {
      try {
        await this.mend(letter)
      } catch (error) {
        if (!(error instanceof LogsLost)) throw error
        this.#trouble(error.message)
        down.push(letter)
      }
    }
    return down
  }

  /**
   * Brings a region's server to where its processes can begin: its lost logs anew, its mirrors, its copy of the owners,
   * and from the other region what it cannot read any more.
   * @throws LogsLost when it must wait for a takeover
   */
  async mend(letter: Letter): Promise<void> {
    const [own, other] = [this.#regions[letter], this.#regions[otherOf(letter)]]
    const { admin } = own.servers
    const otherAdmin = other.servers.held ? undefined : other.servers.admin
    const records = await this.#records()
    for (const lost of await findLostLogs(letter, admin, otherAdmin, records)) {
      this.#trouble(`region ${letter} has lost its log of shard ${lost.shard}: it begins anew behind ${lost.lastSeq}`)
      await beginAnew(admin, letter, lost)
    }
    await seedOwners(admin, letter, records)
    if (otherAdmin === undefined) return
    await provisionMirrors(admin, otherAdmin, { ...own.servers.streams, peer: other.region })
    await provisionMirrors(otherAdmin, admin, { ...other.servers.streams, peer: letter })
    const unreadable = await findUnreadable(letter, admin, otherAdmin, records)
    if (unreadable.length > 0) await own.rejoin(other, unreadable)
  }

  /** What the witness says, and where it says nothing what the regions believe. */
  async #records(): Promise<OwnerRecords> {
    const copies = await this.#copies()
    if (this.#witness.held) return copies
    const known = await witnessRecords(this.#witness.admin, this.#shards)
    return known.map((record, shard) => record ?? copies[shard])
  }

  async #copies(): Promise<OwnerRecords> {
    const copies: OwnerRecords = Array.from({ length: this.#shards }, () => undefined)
    for (const letter of letters) {
      const { servers } = this.#regions[letter]
      if (servers.held) continue
      for (const [shard, record] of (await readOwners(servers.admin, letter, this.#shards)).entries()) {
        if (record !== undefined && record.epoch >= (copies[shard]?.epoch ?? 0)) copies[shard] = record
      }
    }
    return copies
  }
}
