import { describe, expect, test } from 'vitest'
import { CommitGate } from './commitGate.ts'
import { ManualTimers } from './manualTimers.fixture.ts'

const marksAt = (seq: number) => ({ seq, owed: [seq], received: [] })

function openGate() {
  const said: string[] = []
  const timers = new ManualTimers()
  const gate = new CommitGate({
    publish: (subject) => said.push(subject),
    after: (delayMs, work) => timers.after(delayMs, work),
  })
  const hold = (seq: number, subject: string, bytes = 1): void =>
    gate.hold(marksAt(seq), [{ subject, message: new Uint8Array(bytes) }])
  return { gate, said, timers, hold }
}

describe('the commit gate', () => {
  test('lets out what is covered, in the order of the log, and keeps the rest', () => {
    const { gate, said, hold } = openGate()
    for (const seq of [1, 2, 3]) hold(seq, `of ${seq}`)
    expect([said, gate.watermarks, gate.holds]).toEqual([[], undefined, true])
    expect(gate.commit(2)).toBe(true)
    expect([said, gate.watermarks, gate.holds]).toEqual([['of 1', 'of 2'], marksAt(2), true])
    expect(gate.commit(3)).toBe(true)
    expect([said, gate.holds]).toEqual([['of 1', 'of 2', 'of 3'], false])
  })

  test('a commit that is not higher says nothing, and one that nothing waits for lets the next pass at once', () => {
    const { gate, said, hold } = openGate()
    expect(gate.commit(5)).toBe(false)
    hold(4, 'of 4')
    hold(5, 'of 5')
    hold(6, 'of 6')
    expect(gate.commit(5)).toBe(false)
    expect(gate.commit(3)).toBe(false)
    expect([said, gate.committed]).toEqual([['of 4', 'of 5'], 5])
  })

  test('what is said twice of one position leaves together', () => {
    const { gate, said, hold } = openGate()
    hold(1, 'first')
    hold(1, 'second')
    gate.commit(1)
    hold(1, 'third')
    expect(said).toEqual(['first', 'second', 'third'])
  })

  test('whoever waits for a position hears of it once, or that it took too long', async () => {
    const { gate, timers } = openGate()
    const heard: string[] = []
    const wait = (position: number, waitMs: number): void =>
      void gate.whenCommitted(position, waitMs).then((committed) => heard.push(`${position} ${committed}`))
    wait(1, 100)
    wait(2, 100)
    wait(3, 1_000)
    gate.commit(1)
    timers.advance(100)
    gate.commit(2)
    gate.empty()
    gate.commit(3)
    wait(3, 100)
    await Promise.resolve()
    expect(heard.sort()).toEqual(['1 true', '2 false', '3 false', '3 true'])
  })

  test('when it is emptied nothing of before leaves any more', () => {
    const { gate, said, hold } = openGate()
    hold(1, 'of 1')
    gate.empty()
    expect([gate.commit(1), said, gate.holds, gate.watermarks]).toEqual([false, [], false, undefined])
  })

  test('messages beyond its memory are dropped, the oldest first, and what the position says is kept', () => {
    const { gate, said, hold } = openGate()
    const mebibytes = 1024 * 1024
    for (const seq of [1, 2, 3, 4, 5]) hold(seq, `of ${seq}`, 20 * mebibytes)
    gate.commit(1)
    expect([said, gate.watermarks]).toEqual([[], marksAt(1)])
    hold(6, 'of 6', 20 * mebibytes)
    gate.commit(6)
    expect([said, gate.watermarks]).toEqual([['of 4', 'of 5', 'of 6'], marksAt(6)])
  })
})
