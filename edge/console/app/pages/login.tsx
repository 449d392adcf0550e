import { place } from '../router.ts'
import { LanguageSwitch, Mark } from '../shell.tsx'
import { wordOf, words } from '../words/words.ts'

export function LoginPage() {
  const w = words.value
  const problem = place.value.query.get('problem')
  return (
    <main class="login">
      <div class="login-card">
        <Mark />
        <h1>{w.console}</h1>
        <p class="about">{w.signInAbout}</p>
        {problem === null ? null : (
          <p class="problem" role="alert">
            {wordOf('problem', problem)}
          </p>
        )}
        <a class="button primary" href="/console/login">
          {w.signIn}
        </a>
        <LanguageSwitch />
      </div>
    </main>
  )
}
