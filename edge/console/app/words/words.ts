import { computed, signal } from '@preact/signals'
import { en } from './en.ts'
import { zh } from './zh.ts'

export type Language = 'en' | 'zh'
export type Words = Readonly<Record<keyof typeof en, string>>

const key = 'jiaozi-language'
const remembered = localStorage.getItem(key)

export const language = signal<Language>(
  remembered === 'en' || remembered === 'zh' ? remembered : navigator.language.startsWith('zh') ? 'zh' : 'en',
)
export const words = computed<Words>(() => (language.value === 'zh' ? zh : en))

export function speak(next: Language): void {
  localStorage.setItem(key, next)
  language.value = next
}

/** The word for a code of the API; the code itself where there is none. */
export function wordOf(prefix: string, code: string): string {
  const all: Readonly<Record<string, string>> = words.value
  return all[`${prefix}_${code}`] ?? code
}
