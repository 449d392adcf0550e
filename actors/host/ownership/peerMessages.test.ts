import { expect, test } from 'vitest'
import { ManualTimers } from '../manualTimers.fixture.ts'
import { PeerMessages, readBeats } from './peerMessages.ts'

test('beats of a worker’s shards go out together, and none once it has stopped', () => {
  const timers = new ManualTimers()
  const sent: Uint8Array[] = []
  const messages = new PeerMessages({
    region: 'a',
    peer: 'b',
    publish: (_subject, message) => void sent.push(message),
    after: (delayMs, work) => timers.after(delayMs, work),
  })
  const beat = { shard: 0, epoch: 1, applied: 7, committed: 5 }
  messages.beat(beat)
  messages.beat({ ...beat, shard: 2 })
  timers.advance(50)
  expect(sent.map(readBeats)).toEqual([[beat, { ...beat, shard: 2 }]])
  messages.beat(beat)
  messages.stop()
  timers.advance(50)
  expect(sent).toHaveLength(1)
})
