export type Values = Readonly<Record<string, string>>

/** One thing that belongs to an act: chosen, an amount or text as it is typed, a whole number, or a time. */
export type ActField = {
  readonly name: string
  readonly label: string
  readonly kind: 'choice' | 'text' | 'count' | 'time'
  readonly choices?: readonly (readonly [value: string, text: string])[]
  readonly first?: string
  readonly hint?: string
  readonly optional?: true
  /** Asked for only where it belongs to what was chosen. */
  readonly when?: (values: Values) => boolean
}

/** As the API takes it: counts as numbers, times with their offset, and nothing for what was left open. */
export function bodyOf(fields: readonly ActField[], values: Values): Record<string, string | number> {
  const said = fields.flatMap(({ name, kind }): [string, string | number][] => {
    const text = (values[name] ?? '').trim()
    if (text === '') return []
    if (kind === 'count') return [[name, Number(text)]]
    return [[name, kind === 'time' ? new Date(text).toISOString() : text]]
  })
  return Object.fromEntries(said)
}

type InputProps = { field: ActField; value: string; locked: boolean; set: (value: string) => void }

export function FieldInput({ field, value, locked, set }: InputProps) {
  const { name, label, kind, choices = [], hint, optional } = field
  const id = `act-${name}`
  const shared = { id, name, required: !optional, value, disabled: locked }
  const take = (event: { currentTarget: { value: string } }): void => set(event.currentTarget.value)
  return (
    <div class="field">
      <label htmlFor={id}>{label}</label>
      {kind === 'choice' ? (
        <select {...shared} onChange={take}>
          {choices.map(([of, text]) => (
            <option key={of} value={of}>
              {text}
            </option>
          ))}
        </select>
      ) : kind === 'time' ? (
        <input type="datetime-local" step={1} {...shared} onInput={take} />
      ) : (
        <input
          type="text"
          inputMode={kind === 'count' ? 'numeric' : 'decimal'}
          pattern={kind === 'count' ? '[0-9]{1,10}' : '.*'}
          placeholder={hint ?? ''}
          autocomplete="off"
          {...shared}
          onInput={take}
        />
      )}
    </div>
  )
}
