import { useState } from 'preact/hooks'
import { type Role, session } from '../api.ts'
import { words } from '../words/words.ts'
import { ActDialog, type ActPlan } from './actDialog.tsx'

type ButtonProps = {
  plan: ActPlan
  /** Whose it is; to others the button says that it is not theirs. */
  by: Role
  tone?: 'primary' | 'danger' | 'quiet'
  onDone: () => void
}

/** Something that can be done, behind a dialog. The server judges who may: this only spares people the attempt. */
export function ActButton({ plan, by, tone, onDone }: ButtonProps) {
  const [asking, setAsking] = useState(false)
  const may = session.value?.role === by
  return (
    <>
      <button
        type="button"
        class={tone ?? (plan.danger ? 'danger' : 'primary')}
        disabled={!may}
        title={may ? undefined : words.value.viewersOnly}
        onClick={() => setAsking(true)}
      >
        {plan.title}
      </button>
      {asking ? (
        <ActDialog
          plan={plan}
          onClose={() => setAsking(false)}
          onDone={() => {
            setAsking(false)
            onDone()
          }}
        />
      ) : null}
    </>
  )
}
