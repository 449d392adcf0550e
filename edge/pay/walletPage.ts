import { html } from 'hono/html'
import { passkeyIcon } from './icons.ts'
import { type Html, type PageLanguage, page, textsIn } from './page.ts'

/** A wallet to try things with, on one page. */
export function walletPage(language: PageLanguage): Promise<string> {
  const texts = textsIn(language)
  const { lang, making, makingFailed, notConfirmed, noPasskeys, kinds, otherKind, noEntries, entriesAway } = texts
  const { walletTitle } = texts
  const data = {
    lang,
    texts: { making, makingFailed, notConfirmed, noPasskeys, kinds, otherKind, noEntries, entriesAway, walletTitle },
  }
  const main = html`${makeSection(language)}${walletSection(language)}`
  return page({ language, title: texts.walletTitle, scripts: ['wallet.js', 'passkey.js'], data, main })
}

function makeSection(language: PageLanguage): Html {
  const texts = textsIn(language)
  return html`<div class="desk narrow" id="make"><section class="card">
<h1 tabindex="-1">${texts.walletTitle}</h1><p class="what">${texts.walletLead}</p>
<ol class="steps" id="steps">${texts.walletSteps.map((step) => html`<li>${step}</li>`)}</ol>
<button type="button" id="make-wallet">${passkeyIcon}<span>${texts.makeWallet}</span></button>
<p class="told" id="told" role="status"></p>
<noscript><p class="wrong">${texts.noScript}</p></noscript>
<p class="fine">${texts.playMoney}</p>
</section></div>`
}

function walletSection(language: PageLanguage): Html {
  const texts = textsIn(language)
  return html`<div class="desk" id="have" hidden>
<div class="stack">
<section class="card purse" aria-labelledby="wallet-title"><div class="row"><h1 class="label" id="wallet-title" tabindex="-1">${texts.walletTitle}</h1><span class="mono" id="wallet-id"></span></div>
<p class="figure"><small>¥</small><span id="balance" aria-live="polite"></span></p>
<div class="row"><p class="fine">${texts.playMoney}</p><button type="button" class="bare" id="refresh">${texts.refresh}</button></div></section>
<section class="card" aria-labelledby="entries-title"><h2 id="entries-title">${texts.entries}</h2>
<ul class="entries" id="entries"></ul><p class="fine" id="entries-note" hidden></p></section>
</div>
<div class="stack">
<section class="card stack" aria-labelledby="try-title"><h2 id="try-title">${texts.tryIt}</h2><p>${texts.tryLead}</p>
<button type="button" id="make-order">${texts.makeOrder}</button>
<div class="code" id="code" hidden><img id="qr" alt="${texts.codeOf}" width="224" height="224"><p role="status">${texts.orderReady}</p><a class="button second" id="open-order" href="">${texts.openHere}</a></div>
<p class="wrong" id="order-wrong" role="alert" hidden></p></section>
<form class="card stack" id="by-link" novalidate aria-labelledby="link-title"><h2 id="link-title">${texts.payByLink}</h2>
<div class="field"><label for="link">${texts.payByLinkHint}</label><input id="link" name="link" type="url" autocomplete="off" placeholder="https://…/pay/…"><p class="wrong" id="link-wrong" hidden>${texts.linkWrong}</p></div>
<button type="submit" class="second">${texts.open}</button></form>
<button type="button" class="bare" id="forget">${texts.forget}</button>
</div>
</div>`
}
