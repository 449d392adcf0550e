import { render } from 'preact'
import { useEffect } from 'preact/hooks'
import { loadSession, session } from './api.ts'
import { AuditPage } from './pages/audit.tsx'
import { DrillPage, DrillsPage } from './pages/drills.tsx'
import { LimitsPage } from './pages/limits.tsx'
import { LivePage } from './pages/live.tsx'
import { LoginPage } from './pages/login.tsx'
import { MerchantPage } from './pages/merchant.tsx'
import { MerchantsPage } from './pages/merchants.tsx'
import { PaymentPage } from './pages/payment.tsx'
import { PaymentsPage } from './pages/payments.tsx'
import { ProposalsPage } from './pages/proposals.tsx'
import { ReconciliationPage } from './pages/reconciliation.tsx'
import { RegionPage } from './pages/region.tsx'
import { RiskPage } from './pages/risk.tsx'
import { WalletPage } from './pages/wallet.tsx'
import { WebhooksPage } from './pages/webhooks.tsx'
import { Empty, Loading } from './parts/parts.tsx'
import { place } from './router.ts'
import { Shell } from './shell.tsx'
import './style.css'
import { language, words } from './words/words.ts'

function Page() {
  const [, folder = '', first, second] = place.value.path.split('/')
  switch (folder) {
    case '':
      return <LivePage />
    case 'payments':
      return first !== undefined && second !== undefined ? (
        <PaymentPage key={second} payer={first} id={second} />
      ) : (
        <PaymentsPage key={place.value.query.toString()} />
      )
    case 'wallets':
      return <WalletPage key={first} id={first} />
    case 'merchants':
      return first === undefined ? (
        <MerchantsPage key={place.value.query.toString()} />
      ) : (
        <MerchantPage key={first} id={first} />
      )
    case 'region':
      return <RegionPage />
    case 'drills':
      return first === undefined ? <DrillsPage /> : <DrillPage key={first} name={first} />
    case 'webhooks':
      return <WebhooksPage key={second} wallet={first} id={second} />
    case 'risk':
      return <RiskPage />
    case 'proposals':
      return <ProposalsPage />
    case 'limits':
      return <LimitsPage />
    case 'audit':
      return <AuditPage key={place.value.query.toString()} />
    case 'reconciliation':
      return <ReconciliationPage />
    default:
      return <Empty>404</Empty>
  }
}

function App() {
  const { path } = place.value
  useEffect(() => {
    document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en'
    const heading = document.querySelector('h1')
    document.title = heading === null ? 'Jiaozi' : `${heading.textContent} · Jiaozi`
  }, [path, language.value, session.value])
  if (session.value === undefined) return <Loading />
  if (session.value === null) return <LoginPage />
  return (
    <Shell>
      <Page key={language.value} />
    </Shell>
  )
}

document.title = words.value.console
void loadSession()
render(<App />, document.getElementById('app')!)
