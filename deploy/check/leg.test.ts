import { describe, expect, test } from 'vitest'
import type { Counts } from './counts.ts'
import { runLeg } from './leg.ts'

const twoPassed: Counts = { passed: 2, failed: 0, skipped: 1 }

function legOf(script: string, counts: Counts | undefined, timeoutMs = 20_000): Parameters<typeof runLeg>[0] {
  return { name: 'planted', command: process.execPath, args: ['-e', script], timeoutMs, readCounts: () => counts }
}

describe('a leg', () => {
  test('that ends well gives what it counted', async () => {
    expect(await runLeg(legOf('', twoPassed))).toEqual({ counts: twoPassed, faults: [] })
  })

  test('with failed tests is not blamed again for its exit code', async () => {
    const failed = { ...twoPassed, failed: 3 }
    expect(await runLeg(legOf('process.exit(1)', failed))).toEqual({ counts: failed, faults: [] })
  })

  test('that ends badly though no test failed has failed', async () => {
    const { counts, faults } = await runLeg(legOf('process.exit(3)', twoPassed))
    expect(counts).toEqual({ ...twoPassed, failed: 1 })
    expect(faults).toEqual(['ended with exit code 3'])
  })

  test('that leaves no counts has crashed', async () => {
    const { counts, faults } = await runLeg(legOf('process.exit(0)', undefined))
    expect(counts).toEqual({ passed: 0, failed: 1, skipped: 0 })
    expect(faults).toEqual(['crashed with exit code 0'])
  })

  test('whose program is not there has crashed', async () => {
    const { counts } = await runLeg({ ...legOf('', undefined), command: './absent' })
    expect(counts).toEqual({ passed: 0, failed: 1, skipped: 0 })
  })

  test('that ran nothing has failed', async () => {
    const { counts } = await runLeg(legOf('', { passed: 0, failed: 0, skipped: 0 }))
    expect(counts.failed).toBe(1)
  })

  test('that hangs is killed and has failed', async () => {
    const { counts, faults } = await runLeg(legOf('setInterval(() => {}, 1000)', undefined, 300))
    expect(counts.failed).toBe(1)
    expect(faults).toEqual(['had not ended after 0.3 s'])
  })

  test.runIf(process.platform === 'linux')('that leaves a process behind has failed, and it is gone', async () => {
    const orphan = `require('node:child_process').spawn('sleep', ['271'], { stdio: 'ignore' }).unref()`
    const { counts, faults } = await runLeg(legOf(orphan, twoPassed))
    expect(faults).toEqual(['left a process behind: sleep 271'])
    expect(counts.failed).toBe(1)
  })
})
