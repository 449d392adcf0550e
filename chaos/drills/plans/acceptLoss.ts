import { type LaneEndsByShard, laneDifferences, sayDifference } from '../../../deploy/owners/laneDifferences.ts'
import type { Drill, Field } from '../drill.ts'
import { lossWord, type Operator, twoOperators } from '../site/operators.ts'
import { finalAnswer } from '../traffic/payment.ts'
import { allShards, assertInSync, failBack, homes, pairOf, shardsOf, untilOwners } from './ownership.ts'

const aloneWithinMs = 20_000
const acceptedWithinMs = 60_000
const askAgainMs = 500

/**
 * An owner that was cut off goes on alone, acknowledges what nobody else has, and is lost for good. Its shards can go on
 * only without that tail, which takes two people's word, and nobody may be left in the dark about what it held.
 */
export const acceptLoss: Drill = {
  name: 'accept-loss',
  title: 'an owner is cut off, goes on alone, and is lost; two operators let the other region go on without its tail',
  claim: 'Every payment that is missing then is one of those listed as possibly lost, and the books differ by nothing.',
  regions: 2,
  dangerous: true,
  async run(field) {
    await assertInSync(field)
    const { struck, other } = pairOf()
    const before = homes(field)
    const shards = shardsOf(field, struck)
    const { operators, retire } = await twoOperators(field.site.region(other).facts())
    field.timeline.beginEpisode(false)
    const cutMs = field.timeline.nowMs()
    const heal = await field.strike(
      'the link is cut',
      () => field.site.cutLink(),
      () => field.site.healLink(),
    )
    await untilOwners(field, shards, ({ mode }) => mode === 'solo', aloneWithinMs, 'served alone')
    await field.sleep(field.quick ? 4_000 : 10_000)
    field.timeline.beginEpisode()
    const lostMs = field.timeline.nowMs()
    const release = await field.strike(
      `region ${struck} is lost for good, while it commits alone`,
      () => field.site.hold(`region/${struck}`),
      () => field.site.release(`region/${struck}`),
    )
    await heal()
    // Asked for up to a moment before the cut: a mark may have been on its way.
    const concerned = new Set(shards)
    field.mayBeLost(
      ({ sentAtMs, payerShard, payeeShard }) =>
        sentAtMs > cutMs - 10_000 && sentAtMs <= lostMs && (concerned.has(payerShard) || concerned.has(payeeShard)),
    )
    await lanesAreWhole(field, concerned, other)
    await refusesTakeover(field, shards[0]!, other, operators[0])
    field.timeline.word(`two operators: region ${other} goes on with shards ${shards.join(', ')} without their tail`)
    await accept(field, shards, other, operators)
    await field.served(60_000)
    const alone = field.payments.filter((payment) => {
      const answer = finalAnswer(payment)
      return answer?.edge === struck && answer.outcome === 'completed' && answer.atMs > cutMs + 3_000
    })
    field.effect(alone.length > 0, `${alone.length} payments were acknowledged by region ${struck} after the cut`)
    await field.sleep(field.quick ? 3_000 : 10_000)
    await release()
    await failBack(field, before)
    await retire()
  },
}

/** The link was cut before anything was acknowledged alone: no shard has taken in what the logs that are left do not hold. */
async function lanesAreWhole(field: Field, lost: ReadonlySet<number>, region: string): Promise<void> {
  const ends = new Map<number, unknown>()
  for (const shard of allShards(field)) {
    ends.set(shard, (await field.control(region).ask(shard, { type: 'lanes' })).lanes)
  }
  const differences = laneDifferences(ends as LaneEndsByShard, lost)
  field.check(
    'what shards owe one another goes on whole',
    differences.length === 0,
    differences.map(sayDifference).join('; ') || 'no difference found',
  )
}

/** One operator is not enough, and a takeover without loss is not to be had: the owner may have acknowledged more. */
async function refusesTakeover(field: Field, shard: number, region: string, operator: Operator): Promise<void> {
  const word = lossWord(operator, shard, epochOf(field, shard), region)
  for (const request of [{ type: 'takeover' }, { type: 'accept-loss', words: [word, word] }] as const) {
    const refusal = await field
      .control(region)
      .ask(shard, request)
      .then(
        () => 'it was done',
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      )
    const refused = refusal.includes('owner-commits-alone') || refusal.includes('two-operators-needed')
    field.check(`${request.type} by one operator is refused`, refused, refusal)
  }
}

/** The owner's lease must surely have run out, so that the word has to wait. */
async function accept(
  field: Field,
  shards: readonly number[],
  region: string,
  operators: readonly Operator[],
): Promise<void> {
  const deadlineMs = field.timeline.nowMs() + acceptedWithinMs
  await Promise.all(
    shards.map(async (shard) => {
      for (;;) {
        try {
          const words = operators.map((operator) => lossWord(operator, shard, epochOf(field, shard), region))
          await field.control(region).ask(shard, { type: 'accept-loss', words })
          return
        } catch (error) {
          if (field.owner(shard)?.owner === region) return
          if (field.timeline.nowMs() > deadlineMs) throw error
        }
        await field.sleep(askAgainMs)
      }
    }),
  )
  await untilOwners(field, shards, ({ owner }) => owner === region, acceptedWithinMs, `region ${region}'s`)
}

const epochOf = (field: Field, shard: number): number => field.owner(shard)!.epoch
