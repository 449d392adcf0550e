import { element, hasPasskeys, makePasskey, pageData, remember, remembered } from './passkey.js'

/** @typedef {{ kind: string, amount: string, time: string }} Entry */

const timeoutMs = 40_000
const journalPauseMs = 1_500
const journalTimes = 6
const { lang, texts } = pageData()
let forgotten = false
const button = (/** @type {string} */ id) => /** @type {HTMLButtonElement} */ (element(id))

/**
 * @param {string} path
 * @param {unknown} [body] sent by POST where there is one
 * @returns {Promise<any>}
 */
async function ask(path, body) {
  const headers = { accept: 'application/json', 'accept-language': lang, 'content-type': 'application/json' }
  const sent = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) }
  const answer = await fetch(path, { ...sent, signal: AbortSignal.timeout(timeoutMs) })
  const members = await answer.json()
  if (!answer.ok) throw new Error(members.detail ?? members.title)
  return members
}

/** @param {string} line @param {boolean} [bad] */
function tell(line, bad = false) {
  element('told').textContent = line
  element('told').classList.toggle('bad', bad)
}

/** @param {number} step */
function atStep(step) {
  for (const [n, item] of [...element('steps').children].entries()) {
    if (n === step) item.setAttribute('aria-current', 'step')
    else item.removeAttribute('aria-current')
  }
  tell(texts.making[step] ?? '')
}

async function make() {
  forgotten = false
  button('make-wallet').disabled = true
  try {
    atStep(0)
    const { wallet_id, challenge } = await ask('/wallet/begin', {})
    atStep(1)
    const { credentialId, passkey } = await makePasskey({ walletId: wallet_id, challenge, name: texts.walletTitle })
    atStep(2)
    await ask('/wallet/finish', { wallet_id, passkey })
    remember({ walletId: wallet_id, credentialId })
    await showWallet()
    element('wallet-title').focus()
    refresh()
  } catch (error) {
    atStep(-1)
    const unconfirmed = error instanceof DOMException && error.name === 'NotAllowedError'
    const { message } = /** @type {Error} */ (error)
    tell(unconfirmed ? texts.notConfirmed : `${texts.makingFailed} ${message}`, true)
  } finally {
    button('make-wallet').disabled = false
  }
}

/** @returns {Promise<{ seq: number, followed: number }>} rejects when this browser has no wallet here */
async function showWallet() {
  const { wallet_id, balance, seq, followed, entries } = await ask('/wallet/state')
  if (forgotten) return { seq, followed: seq }
  // Whoever chose another wallet on the page of a payment pays with this one again.
  if (remembered()?.walletId !== wallet_id) remember({ walletId: wallet_id, credentialId: '' })
  element('make').hidden = true
  element('have').hidden = false
  element('wallet-id').textContent = wallet_id
  element('balance').textContent = balance
  showEntries(entries)
  return { seq, followed }
}

/** The journal follows a moment later than the balance: until it is as far, the entries are asked for again. */
async function showAll() {
  const { seq, followed } = await showWallet()
  for (let times = 0, reached = followed; times < journalTimes && reached < seq; times++) {
    await new Promise((resolve) => setTimeout(resolve, journalPauseMs))
    if (forgotten) return
    reached = (await showWallet()).followed
  }
}

/** What cannot be read now stays as it was shown. */
const refresh = () => void showAll().catch(() => undefined)

/** @param {Entry[] | undefined} entries */
function showEntries(entries) {
  element('entries').replaceChildren(...(entries ?? []).map(entryItem))
  const note = element('entries-note')
  note.hidden = entries !== undefined && entries.length > 0
  note.textContent = entries === undefined ? texts.entriesAway : texts.noEntries
}

/** @param {Entry} entry */
function entryItem({ kind, amount, time }) {
  const item = document.createElement('li')
  const what = document.createElement('span')
  const when = document.createElement('time')
  const sum = document.createElement('span')
  what.textContent = texts.kinds[kind] ?? texts.otherKind
  when.textContent = new Intl.DateTimeFormat(lang, {
    dateStyle: 'medium',
    timeStyle: 'short',
    hourCycle: 'h23',
  }).format(new Date(time))
  when.className = 'fine'
  when.dateTime = time
  what.append(when)
  const out = amount.startsWith('-')
  sum.textContent = out ? `−¥${amount.slice(1)}` : `+¥${amount}`
  sum.className = out ? 'sum' : 'sum in'
  item.append(what, sum)
  return item
}

async function makeOrder() {
  button('make-order').disabled = true
  element('order-wrong').hidden = true
  try {
    const { url, qr } = await ask('/wallet/order', {})
    element('qr').setAttribute('src', qr)
    element('open-order').setAttribute('href', url)
    element('code').hidden = false
  } catch (error) {
    element('order-wrong').textContent = /** @type {Error} */ (error).message
    element('order-wrong').hidden = false
  } finally {
    button('make-order').disabled = false
  }
}

async function forget() {
  forgotten = true
  remember(undefined)
  element('have').hidden = true
  element('make').hidden = false
  element('make').querySelector('h1')?.focus()
  await ask('/wallet/forget', {})
}

/** @param {Event} event */
function openLink(event) {
  event.preventDefault()
  const field = /** @type {HTMLInputElement} */ (element('link'))
  const url = URL.canParse(field.value.trim()) ? new URL(field.value.trim()) : undefined
  const ours = url !== undefined && url.origin === location.origin && url.pathname.startsWith('/pay/')
  element('link-wrong').hidden = ours
  field.setAttribute('aria-invalid', String(!ours))
  if (ours) location.assign(url)
  else field.focus()
}

function begin() {
  button('make-wallet').onclick = make
  button('refresh').onclick = refresh
  button('make-order').onclick = makeOrder
  button('forget').onclick = forget
  element('by-link').onsubmit = openLink
  if (!hasPasskeys()) {
    button('make-wallet').disabled = true
    tell(texts.noPasskeys, true)
  }
  // Whoever comes back from paying sees what is left.
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) refresh()
  })
  showAll().catch(() => {
    if (element('have').hidden) element('make').hidden = false
  })
}

begin()
