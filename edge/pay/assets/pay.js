import {
  confirmPayment,
  element,
  fingerprintOf,
  hasPasskeys,
  newId,
  pageData,
  remember,
  remembered,
} from './passkey.js'

/** @typedef {import('./passkey.js').Payment & Record<string, unknown>} Body a payment, signed */

const sendTimeoutMs = 12_000
const pauseMinMs = 500
const pauseMaxMs = 8_000
const paidKept = 20
const paidKey = 'jiaozi-paid'
const data = pageData()
/** What was sent and has no answer yet is kept, so that whoever comes back asks for the same payment. */
const pendingKey = `jiaozi-pending-${data.token}`
const input = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (element(id))

/** Shows one part of the page and lets a screen reader begin there. @param {string} id */
function show(id) {
  for (const part of ['payable', 'done', 'declined', 'unknown']) element(part).hidden = part !== id
  const title = element(id).querySelector('h1')
  title?.focus()
  scrollTo(0, 0)
}

/** @param {string} line @param {boolean} [bad] */
function tell(line, bad = false) {
  const told = element('told')
  told.textContent = line
  told.classList.toggle('bad', bad)
}

/** @param {boolean} busy */
function setBusy(busy) {
  /** @type {NodeListOf<HTMLButtonElement>} */
  const buttons = document.querySelectorAll('#payable button')
  for (const button of buttons) button.disabled = busy
}

/** @param {string} id @param {boolean} wrong */
function mark(id, wrong) {
  const field = input(id)
  field.setAttribute('aria-invalid', String(wrong))
  field.setAttribute('aria-describedby', wrong ? `${id}-wrong` : `${id}-hint`)
  element(`${id}-wrong`).hidden = !wrong
  if (wrong) field.focus()
}

/** Yuan as it is signed, with two decimals; undefined when it is no amount. @param {string} typed */
function amountIn(typed) {
  const match = /^(0|[1-9]\d{0,8})(?:\.(\d{1,2}))?$/.exec(typed.trim().replace('，', '.').replace(',', '.'))
  if (match === null) return undefined
  const amount = `${match[1]}.${(match[2] ?? '').padEnd(2, '0')}`
  return amount === '0.00' ? undefined : amount
}

/** What the form says, or undefined when something in it is wrong; the first wrong field has the focus. */
function readForm() {
  const known = remembered()
  const walletId = known?.walletId ?? input('wallet').value.trim().toUpperCase()
  const amount = data.amount ?? amountIn(input('amount').value)
  const walletWrong = !/^[WM][1-9]\d{0,15}$/.test(walletId)
  if (known === undefined) mark('wallet', walletWrong)
  if (data.amount === undefined) mark('amount', amount === undefined)
  if (walletWrong || amount === undefined) return undefined
  return { walletId, amount, credentialId: known?.credentialId ?? '' }
}

/** @param {Event} event */
async function pay(event) {
  event.preventDefault()
  const form = readForm()
  if (form === undefined) return
  setBusy(true)
  try {
    const body = await confirmed(form)
    if (body !== undefined) await bringToEnd(body)
  } finally {
    setBusy(false)
  }
}

/**
 * Lets the payer confirm. The payment carries the server's time, since a phone's clock may be wrong.
 * @param {{ walletId: string, amount: string, credentialId: string }} form
 * @returns {Promise<Body | undefined>}
 */
async function confirmed({ walletId, amount, credentialId }) {
  tell(data.texts.confirming)
  const state = await stateNow()
  if (state?.status !== 'payable') {
    location.reload()
    return undefined
  }
  const payment = {
    payment_id: newId(Date.parse(state.server_time)),
    payer_wallet: walletId,
    payee_wallet: data.payee,
    amount,
    currency: 'CNY-DC',
    ...(data.order === undefined ? {} : { order: data.order }),
    timestamp: state.server_time,
  }
  try {
    const answer = await confirmPayment(payment, credentialId)
    if (answer.walletId !== '' && answer.walletId !== walletId) {
      tell(`${data.texts.wrongPasskey} ${answer.walletId}`, true)
      return undefined
    }
    remember({ walletId, credentialId: answer.credentialId })
    return answer.body
  } catch {
    tell(data.texts.notConfirmed, true)
    return undefined
  }
}

async function stateNow() {
  try {
    const answer = await fetch(`/v1/pay-links/${data.token}`, { signal: AbortSignal.timeout(sendTimeoutMs) })
    return answer.ok ? await answer.json() : undefined
  } catch {
    return undefined
  }
}

/** Sends a payment until its outcome is known: the same bytes each time, so that it is the same payment. @param {Body} body */
async function bringToEnd(body) {
  localStorage.setItem(pendingKey, JSON.stringify(body))
  tell(data.texts.sending)
  for (let pauseMs = pauseMinMs; ; pauseMs = Math.min(pauseMs * 2, pauseMaxMs)) {
    const answer = await sent(body)
    if (answer !== undefined) {
      localStorage.removeItem(pendingKey)
      return answer.status === 200 ? showDone(body, answer.body) : showDeclined(answer)
    }
    if (element('unknown').hidden) show('unknown')
    element('asking').textContent = ''
    await pauseOrAsked(pauseMs * (0.5 + Math.random()))
    element('asking').textContent = data.texts.asking
  }
}

/**
 * @param {Body} body
 * @returns {Promise<{ status: number, body: any } | undefined>} undefined while the outcome is not known
 */
async function sent(body) {
  try {
    const answer = await fetch('/v1/payments', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', 'accept-language': data.lang },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(sendTimeoutMs),
    })
    const final = answer.status === 200 || (answer.status >= 400 && answer.status < 500 && answer.status !== 429)
    return final ? { status: answer.status, body: await answer.json() } : undefined
  } catch {
    return undefined
  }
}

/** @param {number} pauseMs @returns {Promise<void>} */
function pauseOrAsked(pauseMs) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, pauseMs)
    element('ask').onclick = () => {
      clearTimeout(timer)
      resolve()
    }
  })
}

/** Fingerprints of the payments that were made here. @returns {string[]} */
const paidHere = () => JSON.parse(localStorage.getItem(paidKey) ?? '[]')

/** @param {string} fingerprint */
function keepPaid(fingerprint) {
  localStorage.setItem(paidKey, JSON.stringify([fingerprint, ...paidHere()].slice(0, paidKept)))
}

/** @param {Body} body @param {{ executed_at: string }} answer */
async function showDone(body, { executed_at }) {
  keepPaid(await fingerprintOf(body.payment_id))
  const amount = element('done').querySelector('[data-amount]')
  if (amount !== null) amount.textContent = body.amount
  const time = new Intl.DateTimeFormat(data.lang, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' })
  element('paid-at').textContent = time.format(new Date(executed_at))
  element('paid-from').textContent = body.payer_wallet
  element('paid-id').textContent = body.payment_id
  show('done')
}

/** @param {{ status: number, body: { title: string } }} answer */
function showDeclined({ status, body: { title } }) {
  if (status === 401) remember(undefined)
  element('reason').textContent = status === 401 ? data.texts.notYours : title
  show('declined')
}

function showWallet() {
  const known = remembered()
  element('chosen').hidden = known === undefined
  element('typed').hidden = known !== undefined
  element('chosen-wallet').textContent = known?.walletId ?? ''
}

/** The order has been paid: by this browser's person, also by a payment whose outcome they left open, or by another. */
async function showPaid() {
  const pending = localStorage.getItem(pendingKey)
  if (pending !== null) keepPaid(await fingerprintOf(JSON.parse(pending).payment_id))
  localStorage.removeItem(pendingKey)
  const mine = paidHere().includes(data.paidBy)
  element('mine').hidden = !mine
  element('other').hidden = mine
}

function begin() {
  if (data.paidBy !== undefined) {
    void showPaid()
    return
  }
  showWallet()
  element('another').onclick = () => {
    remember(undefined)
    showWallet()
    input('wallet').focus()
  }
  element('again').onclick = () => location.reload()
  element('payable').onsubmit = pay
  if (!hasPasskeys()) {
    setBusy(true)
    tell(data.texts.noPasskeys, true)
  }
  const pending = localStorage.getItem(pendingKey)
  if (pending !== null) void bringToEnd(JSON.parse(pending))
}

begin()
