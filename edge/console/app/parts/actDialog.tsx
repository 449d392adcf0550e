import { useEffect, useRef, useState } from 'preact/hooks'
import { call, newId, type Problem } from '../api.ts'
import { words } from '../words/words.ts'
import { problemOf } from './useRead.ts'

export type ActPlan = {
  readonly title: string
  readonly about: string
  readonly path: string
  readonly danger: boolean
}

/**
 * Asks why, and does it. One dialog is one command: tried again after an unknown outcome it goes under the same id, so
 * that nothing is done twice.
 */
export function ActDialog({ plan, onClose, onDone }: { plan: ActPlan; onClose: () => void; onDone: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useRef(newId())
  const [reason, setReason] = useState('')
  const [working, setWorking] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  useEffect(() => dialog.current?.showModal(), [])
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    setWorking(true)
    try {
      await call('POST', plan.path, { reason, request_id: id.current })
      onDone()
    } catch (error) {
      setProblem(problemOf(error))
      setWorking(false)
    }
  }
  const change = (text: string): void => {
    // Another reason is another command, unless the first may have been carried out.
    if (problem !== undefined && problem.status >= 400 && problem.status < 500) id.current = newId()
    setReason(text)
  }
  const unknown = problem !== undefined && (problem.status === 0 || problem.status === 202 || problem.status >= 500)
  const w = words.value
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="act-title">
      <form onSubmit={(event) => void submit(event)}>
        <h2 id="act-title">{plan.title}</h2>
        <p class="about">{plan.about}</p>
        <label>
          <span>{w.reason}</span>
          <textarea
            name="reason"
            rows={3}
            required
            maxLength={200}
            value={reason}
            readOnly={unknown}
            onInput={(event) => change(event.currentTarget.value.replaceAll('\n', ' '))}
          />
          <small>{w.reasonHint}</small>
        </label>
        {problem === undefined ? null : (
          <p class="problem" role="alert">
            {unknown ? w.unknownOutcome : problem.message} {unknown ? '' : problem.detail}
          </p>
        )}
        <div class="actions">
          <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
            {w.cancel}
          </button>
          <button type="submit" class={plan.danger ? 'danger' : 'primary'} disabled={working || reason.trim() === ''}>
            {working ? w.working : plan.title}
          </button>
        </div>
      </form>
    </dialog>
  )
}
