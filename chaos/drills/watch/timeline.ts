/** `word`: somebody decided something. `owner`: a shard's record changed. `clear`: an alert that was raised is gone. */
export type EventKind = 'phase' | 'fault' | 'heal' | 'alert' | 'clear' | 'word' | 'owner' | 'note'

export type TimelineEvent = { readonly atMs: number; readonly kind: EventKind; readonly text: string }

export type FaultWindow = { readonly name: string; readonly fromMs: number; untilMs: number | undefined }

/** A shard's record from a moment on. */
export type Ownership = {
  readonly atMs: number
  readonly shard: number
  readonly epoch: number
  readonly owner: string
  readonly mode: string
}

/** Moments from which the parts of a recovery are told. */
export type Moment = 'injected' | 'detected' | 'decided' | 'fenced'

/** One thing that a drill does and that clients recover from. */
export type Episode = { readonly fromMs: number; readonly moments: Map<Moment, number>; readonly measured: boolean }

const newEpisode = (fromMs: number, measured: boolean): Episode => ({ fromMs, moments: new Map(), measured })

/** What happened in a drill and when, in milliseconds since it began, on one monotonic clock. */
export class Timeline {
  readonly startedAt = new Date()
  readonly events: TimelineEvent[] = []
  readonly faults: FaultWindow[] = []
  readonly #beganMs = performance.now()
  readonly episodes: Episode[] = [newEpisode(0, true)]
  readonly ownerships: Ownership[] = []
  onEvent: (event: TimelineEvent) => void = () => undefined

  readonly nowMs = (): number => performance.now() - this.#beganMs

  add(kind: EventKind, text: string): TimelineEvent {
    const event = { atMs: this.nowMs(), kind, text }
    this.events.push(event)
    this.onEvent(event)
    return event
  }

  /** The first time counts: a second fault in one episode does not move its beginning. */
  mark(moment: Moment, atMs = this.nowMs()): void {
    const { moments } = this.episodes.at(-1)!
    if (!moments.has(moment)) moments.set(moment, atMs)
  }

  /**
   * What is done from now on is told apart from what was done before.
   * @param measured whether clients are to recover from it within the drill's bounds
   */
  beginEpisode(measured = true, fromMs = this.nowMs()): void {
    this.episodes.push(newEpisode(fromMs, measured))
  }

  beginFault(name: string): FaultWindow {
    const window: FaultWindow = { name, fromMs: this.nowMs(), untilMs: undefined }
    this.faults.push(window)
    this.add('fault', name)
    this.mark('injected', window.fromMs)
    return window
  }

  endFault(window: FaultWindow): void {
    if (window.untilMs !== undefined) return
    window.untilMs = this.nowMs()
    this.add('heal', window.name)
  }

  /** An alert after a fault is how it was noticed. */
  alert(text: string): void {
    const { atMs } = this.add('alert', text)
    if (this.episodes.at(-1)!.moments.has('injected')) this.mark('detected', atMs)
  }

  /** A new epoch is what keeps the old owner out. */
  ownership(shard: number, { epoch, owner, mode }: { epoch: number; owner: string; mode: string }): void {
    const before = this.ownerships.findLast((one) => one.shard === shard)
    this.ownerships.push({ atMs: this.nowMs(), shard, epoch, owner, mode })
    if (before === undefined) return
    const { atMs } = this.add('owner', `shard ${shard}: ${mode} in region ${owner}, epoch ${epoch}`)
    const { moments } = this.episodes.at(-1)!
    if (epoch > before.epoch && moments.size > 0) moments.set('fenced', atMs)
  }

  /** Somebody, or the system by itself, decided what is to be done. */
  word(text: string): void {
    this.mark('decided', this.add('word', text).atMs)
  }
}
