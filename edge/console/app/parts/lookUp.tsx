import { useState } from 'preact/hooks'
import { go } from '../router.ts'
import { words } from '../words/words.ts'

/** Goes to the page of a wallet whose id somebody knows. */
export function LookUp({
  folder,
  hint,
  letter,
  value = '',
}: {
  folder: string
  hint: string
  letter: string
  value?: string
}) {
  const [text, setText] = useState(value)
  const submit = (event: Event): void => {
    event.preventDefault()
    const id = text.trim().toUpperCase()
    go(`/${id.startsWith('M') ? 'merchants' : folder}/${encodeURIComponent(id)}`)
  }
  return (
    <form class="look-up" onSubmit={submit}>
      <label>
        <span class="sr">{hint}</span>
        <input
          name="wallet"
          type="search"
          required
          pattern={`\\s*[${letter}${letter.toLowerCase()}][1-9][0-9]{0,15}\\s*`}
          placeholder={hint}
          autocomplete="off"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="primary">
        {words.value.open}
      </button>
    </form>
  )
}
