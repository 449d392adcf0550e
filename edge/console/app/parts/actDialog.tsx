import { useEffect, useRef, useState } from 'preact/hooks'
import { call, newId, type Problem } from '../api.ts'
import { words } from '../words/words.ts'
import { type ActField, bodyOf, FieldInput, type Values } from './actFields.tsx'
import { problemOf } from './useRead.ts'

export type ActPlan = {
  readonly title: string
  readonly about: string
  readonly method?: 'POST' | 'PUT'
  readonly path: string
  readonly danger: boolean
  /** What is said besides the reason, the same every time. */
  readonly body?: object
  /** What whoever acts decides. */
  readonly fields?: readonly ActField[]
  /** For what nobody has to explain. */
  readonly withoutReason?: true
}

function Reason({ text, locked, set }: { text: string; locked: boolean; set: (text: string) => void }) {
  const w = words.value
  return (
    <label>
      <span>{w.reason}</span>
      <textarea
        name="reason"
        rows={3}
        required
        maxLength={200}
        value={text}
        readOnly={locked}
        onInput={(event) => set(event.currentTarget.value.replaceAll('\n', ' '))}
      />
      <small>{w.reasonHint}</small>
    </label>
  )
}

/**
 * Asks what belongs to an act and why, and does it. One dialog is one command: tried again after an unknown outcome it
 * goes under the same id, so that nothing is done twice.
 */
export function ActDialog({ plan, onClose, onDone }: { plan: ActPlan; onClose: () => void; onDone: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useRef(newId())
  const { fields = [], withoutReason } = plan
  const [values, setValues] = useState<Values>(Object.fromEntries(fields.map(({ name, first }) => [name, first ?? ''])))
  const [reason, setReason] = useState('')
  const [working, setWorking] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  useEffect(() => dialog.current?.showModal(), [])
  const asked = fields.filter(({ when }) => when === undefined || when(values))
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    setWorking(true)
    const why = withoutReason ? {} : { reason }
    try {
      const body = { ...plan.body, ...bodyOf(asked, values), ...why, request_id: id.current }
      await call(plan.method ?? 'POST', plan.path, body)
      onDone()
    } catch (error) {
      setProblem(problemOf(error))
      setWorking(false)
    }
  }
  /** What is said anew is another command, unless the first may have been carried out. */
  const renew = (): void => {
    if (problem !== undefined && problem.status >= 400 && problem.status < 500) id.current = newId()
  }
  const unknown = problem !== undefined && (problem.status === 0 || problem.status === 202 || problem.status >= 500)
  const w = words.value
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="act-title">
      <form onSubmit={(event) => void submit(event)}>
        <h2 id="act-title">{plan.title}</h2>
        <p class="about">{plan.about}</p>
        {asked.length === 0 ? null : (
          <div class="fields">
            {asked.map((field) => (
              <FieldInput
                key={field.name}
                field={field}
                value={values[field.name] ?? ''}
                locked={unknown}
                set={(value) => {
                  renew()
                  setValues({ ...values, [field.name]: value })
                }}
              />
            ))}
          </div>
        )}
        {withoutReason ? null : (
          <Reason
            text={reason}
            locked={unknown}
            set={(text) => {
              renew()
              setReason(text)
            }}
          />
        )}
        {problem === undefined ? null : (
          <p class="problem" role="alert">
            {unknown ? w.unknownOutcome : problem.message} {unknown ? '' : problem.detail}
          </p>
        )}
        <div class="actions">
          <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
            {w.cancel}
          </button>
          <button
            type="submit"
            class={plan.danger ? 'danger' : 'primary'}
            disabled={working || (!withoutReason && reason.trim() === '')}
          >
            {working ? w.working : plan.title}
          </button>
        </div>
      </form>
    </dialog>
  )
}
