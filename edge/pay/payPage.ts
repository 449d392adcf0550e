import { html } from 'hono/html'
import type { Problem } from '../problem.ts'
import { checkIcon, clockIcon, crossIcon, lockIcon, passkeyIcon, turningIcon } from './icons.ts'
import { ending, type Html, type PageLanguage, page, textsIn } from './page.ts'
import type { PayLinkState } from './payLinkState.ts'
import type { Texts } from './texts/en.ts'

const timeZone = 'Asia/Shanghai'

/** What payers know the merchant by. */
function nameOf({ name_zh, name_en, payee_wallet }: PayLinkState, language: PageLanguage): string {
  return (language === 'zh' ? (name_zh ?? name_en) : (name_en ?? name_zh)) ?? payee_wallet
}

/**
 * The page of a link that can be read; what is to be done about it depends on how the order stands.
 * @param hasWallets whether there are development wallets here, to which the page leads back
 */
export function payPage(
  state: PayLinkState,
  token: string,
  language: PageLanguage,
  hasWallets: boolean,
): Promise<string> {
  const texts = textsIn(language)
  const name = nameOf(state, language)
  if (state.status === 'closed') {
    const main = card(
      ending(crossIcon, 'bad', texts.closed, html`<p>${texts.closedLead}</p>`, about(state, name, texts)),
    )
    return page({ language, title: texts.closed, scripts: [], main })
  }
  const { order, amount, payee_wallet: payee, paid_by: paidBy } = state
  const { confirming, sending, notConfirmed, wrongPasskey, notYours, noPasskeys, asking } = texts
  const data = {
    token,
    payee,
    order,
    amount,
    paidBy,
    lang: texts.lang,
    texts: { confirming, sending, notConfirmed, wrongPasskey, notYours, noPasskeys, asking },
  }
  const scripts = ['pay.js', 'passkey.js'] as const
  if (state.status === 'paid') {
    const main = html`${hiddenCard('mine', ending(checkIcon, '', texts.paidByYou, figure(amount), about(state, name, texts), back(texts, hasWallets)))}
${card(ending(checkIcon, '', texts.paidByOther, html`<p>${texts.paidByOtherLead}</p>`, about(state, name, texts)), 'other')}`
    return page({ language, title: texts.paidByOther, scripts, data, main })
  }
  const main = html`${payable(state, name, language)}${outcomes(state, name, texts, hasWallets)}`
  return page({ language, title: `${texts.payTo} ${name}`, scripts, data, main })
}

/** The page of a link that cannot be paid. */
export function problemPage({ reason }: Pick<Problem, 'reason'>, language: PageLanguage): Promise<string> {
  const texts = textsIn(language)
  const [title, lead, sign] =
    reason === 'pay-link-expired'
      ? ([texts.expired, texts.expiredLead, clockIcon] as const)
      : reason === 'pay-link-invalid'
        ? ([texts.forged, texts.forgedLead, crossIcon] as const)
        : ([texts.unavailable, texts.unavailableLead, clockIcon] as const)
  const kind = reason === 'pay-link-invalid' ? 'bad' : 'wait'
  const again = sign === clockIcon && title === texts.unavailable
  const retry = again ? html`<a class="button second" href="">${texts.retry}</a>` : ''
  return page({ language, title, scripts: [], main: card(ending(sign, kind, title, html`<p>${lead}</p>`, retry)) })
}

const card = (inner: Html, id = 'state'): Html => html`<section class="card end" id="${id}">${inner}</section>`
const hiddenCard = (id: string, inner: Html): Html =>
  html`<section class="card end" id="${id}" hidden>${inner}</section>`

function back(texts: Texts, hasWallets: boolean): Html {
  return hasWallets ? html`<a class="button second" href="/wallet">${texts.toWallet}</a>` : html``
}

function figure(amount: string | undefined): Html {
  return html`<p class="figure"><small>¥</small><span data-amount>${amount ?? ''}</span></p>`
}

/** Whom and what for. */
function about({ description, order, payee_wallet }: PayLinkState, name: string, texts: Texts): Html {
  return html`<dl class="facts"><div><dt>${texts.payTo}</dt><dd>${name}${name === payee_wallet ? '' : html`<br><span class="fine">${payee_wallet}</span>`}</dd></div>
${description === undefined ? '' : html`<div><dt>${texts.order}</dt><dd>${description}<br><span class="fine">${order}</span></dd></div>`}</dl>`
}

function payable(state: PayLinkState, name: string, language: PageLanguage): Html {
  const texts = textsIn(language)
  const { payee_wallet, amount, description } = state
  const button = html`<button type="submit">${passkeyIcon}<span>${texts.pay}${amount === undefined ? '' : ` ¥${amount}`}</span></button>`
  return html`<form class="desk" id="payable" novalidate>
<section class="card">
<div class="payee"><span class="avatar" aria-hidden="true">${[...name][0]}</span><div><p class="label">${texts.payTo}</p><h1 tabindex="-1">${name}</h1>${name === payee_wallet ? '' : html`<p class="fine">${payee_wallet}</p>`}</div></div>
${amount === undefined ? amountField(texts) : figure(amount)}
${description === undefined ? '' : html`<p class="what">${description}</p>`}
${factsOf(state, language)}
</section>
<section class="card stack">
${consent(texts)}
<hr class="rule">
${walletField(texts)}
${button}
<p class="told" id="told" role="status">${texts.confirmHint}</p>
<noscript><p class="wrong">${texts.noScript}</p></noscript>
<p class="fine">${texts.evidence}</p>
</section>
</form>`
}

function amountField(texts: Texts): Html {
  return html`<div class="field stack"><label for="amount">${texts.amount}</label>
<div class="money"><span aria-hidden="true">¥</span><input id="amount" name="amount" inputmode="decimal" autocomplete="off" placeholder="0.00" maxlength="12" aria-describedby="amount-hint"></div>
<p class="hint" id="amount-hint">${texts.amountHint}</p><p class="wrong" id="amount-wrong" hidden>${texts.amountWrong}</p></div>`
}

function factsOf({ order, expires_at }: PayLinkState, language: PageLanguage): Html {
  const texts = textsIn(language)
  if (order === undefined || expires_at === undefined) return html``
  const before = new Intl.DateTimeFormat(texts.lang, {
    dateStyle: 'medium',
    timeStyle: 'short',
    hourCycle: 'h23',
    timeZone,
  })
  return html`<dl class="facts"><div><dt>${texts.order}</dt><dd>${order}</dd></div>
<div><dt>${texts.payBefore}</dt><dd><time datetime="${expires_at}">${before.format(new Date(expires_at))}</time></dd></div></dl>`
}

/** What is shared stands above the button: nobody can pay without having come by it. */
function consent(texts: Texts): Html {
  const list = (kind: 'yes' | 'no', items: readonly string[]): Html =>
    html`<ul class="${kind}">${items.map((item) => html`<li>${kind === 'yes' ? checkIcon : lockIcon}<span>${item}</span></li>`)}</ul>`
  return html`<section class="shares" aria-labelledby="shares"><h2 id="shares">${texts.sharesTitle}</h2>
<div><p class="label">${texts.sharesLead}</p>${list('yes', texts.shares)}</div>
<div><p class="label">${texts.keepsLead}</p>${list('no', texts.keeps)}</div></section>`
}

function walletField(texts: Texts): Html {
  return html`<div class="chosen" id="chosen" hidden><span><span class="label">${texts.payFrom}</span><strong id="chosen-wallet"></strong></span><button type="button" class="bare" id="another">${texts.anotherWallet}</button></div>
<div class="field" id="typed"><label for="wallet">${texts.wallet}</label><input id="wallet" name="wallet" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="17" aria-describedby="wallet-hint">
<p class="hint" id="wallet-hint">${texts.walletHint}</p><p class="wrong" id="wallet-wrong" hidden>${texts.walletWrong}</p></div>`
}

/** What the script shows of these when it knows. */
function outcomes(state: PayLinkState, name: string, texts: Texts, hasWallets: boolean): Html {
  const row = (title: string, id: string): Html => html`<div><dt>${title}</dt><dd id="${id}"></dd></div>`
  // It is longer than a line of a phone holds beside its title.
  const number = html`<div class="whole"><dt>${texts.paymentId}</dt><dd class="mono" id="paid-id"></dd></div>`
  const paid = html`${figure(state.amount)}<p>${texts.paidTo} ${name}</p><dl class="facts">${row(texts.time, 'paid-at')}${row(texts.paidFrom, 'paid-from')}${number}</dl>${back(texts, hasWallets)}`
  const declined = html`<p class="reason" id="reason"></p><p>${texts.declinedNothing}</p><button type="button" id="again">${texts.tryAgain}</button>`
  const unknown = html`<p class="reason">${texts.unknownLead}</p><p>${texts.unknownSafe}</p><p role="status" id="asking"></p><button type="button" class="second" id="ask">${texts.askNow}</button>`
  return html`${hiddenCard('done', ending(checkIcon, '', texts.paid, paid))}
${hiddenCard('declined', ending(crossIcon, 'bad', texts.declined, declined))}
${hiddenCard('unknown', ending(turningIcon, 'wait', texts.unknown, unknown))}`
}
