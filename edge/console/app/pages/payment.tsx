import { useState } from 'preact/hooks'
import {
  Badge,
  Card,
  Facts,
  Failed,
  Loading,
  Money,
  PageHead,
  type Place,
  Position,
  Time,
  WalletLink,
} from '../parts/parts.tsx'
import { useRead } from '../parts/useRead.ts'
import { hrefOf } from '../router.ts'
import { wordOf, words } from '../words/words.ts'
import type { Payment } from './payments.tsx'

type Step = {
  step: string
  wallet_id: string | null
  amount: string | null
  time: string | null
  position: Place | null
  reason: string | null
  transit: number | null
}
type Trail = { payment: Payment; steps: Step[]; order: { wallet_id: string; order_no: string; refund: boolean } | null }

const untilFinalMs = 2_000

function StepItem({ step, wallet_id, amount, time, position, reason, transit }: Step) {
  const w = words.value
  return (
    <li class={`step ${step}`}>
      <div class="step-head">
        <b>{wordOf('step', step)}</b>
        {amount === null ? null : <Money of={amount} sign />}
      </div>
      <p>
        {wallet_id === null ? null : <WalletLink id={wallet_id} />}
        <Time of={time} />
        <Position of={position} />
        {transit === null ? null : (
          <code class="position">
            {w.transit} {transit}
          </code>
        )}
        {reason === null ? null : <code class="why">{reason}</code>}
      </p>
    </li>
  )
}

/** A payment and its saga: each step with its place in the log of the shard where it was taken. */
export function PaymentPage({ payer, id }: { payer: string; id: string }) {
  const w = words.value
  const path = `/v1/wallets/${payer}/payments/${id}/trail`
  const [final, setFinal] = useState(false)
  const { data, problem, reload } = useRead<Trail>(path, final ? undefined : untilFinalMs)
  if (!final && (problem !== undefined || (data !== undefined && data.payment.status !== 'pending'))) setFinal(true)
  return (
    <>
      <PageHead title={w.payment} about={id} />
      {problem === undefined ? null : <Failed problem={problem} retry={reload} />}
      {data === undefined && problem === undefined ? <Loading /> : null}
      {data === undefined ? null : (
        <div class="grid side-by-side">
          <Card>
            <p class="headline">
              <Money of={data.payment.amount} />
              <Badge of={data.payment.status} />
            </p>
            <Facts
              of={[
                [w.payer, <WalletLink key="payer" id={data.payment.payer_wallet} />],
                [w.payee, <WalletLink key="payee" id={data.payment.payee_wallet} />],
                ...(data.payment.reason === undefined
                  ? []
                  : [[w.why, <code key="why">{data.payment.reason}</code>] as const]),
                ...(data.order === null
                  ? []
                  : ([
                      [
                        data.order.refund ? w.refundOf : w.paysOrder,
                        <a key="order" class="id" href={hrefOf(`/merchants/${data.order.wallet_id}`)}>
                          {data.order.order_no}
                        </a>,
                      ],
                    ] as const)),
                [w.time, <Time key="time" of={data.payment.executed_at} />],
                [w.position, <Position key="position" of={data.payment.position} />],
              ]}
            />
          </Card>
          <Card title={w.saga}>
            <ol class="steps">
              {data.steps.map((step) => (
                <StepItem key={step.step} {...step} />
              ))}
            </ol>
          </Card>
        </div>
      )}
    </>
  )
}
