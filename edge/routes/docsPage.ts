/**
 * A page that shows the OpenAPI document: own script, own style, nothing from elsewhere, so that the strictest content
 * security policy holds and it works without a way out.
 */
export const docsPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"

export const docsHtml = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Jiaozi API</title>
<link rel="stylesheet" href="/docs/style.css">
<script type="module" src="/docs/show.js"></script>
</head>
<body>
<header><h1>Jiaozi API</h1><p id="about"></p><p><a href="/openapi.json">openapi.json</a></p></header>
<nav id="index" aria-label="Operations"></nav>
<main id="operations"><noscript>This page needs its script to show <a href="/openapi.json">openapi.json</a>.</noscript></main>
</body>
</html>
`

export const docsStyle = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 70rem; margin: 0 auto; padding: 1rem; }
h1 { margin-bottom: 0; }
h2 { border-bottom: 1px solid #8885; margin-top: 2.5rem; }
nav ul { columns: 2; padding-left: 1.2rem; }
details { border: 1px solid #8885; border-radius: .4rem; margin: .6rem 0; padding: .4rem .8rem; }
summary { cursor: pointer; font-family: ui-monospace, monospace; }
summary b { display: inline-block; min-width: 4.5rem; text-transform: uppercase; }
summary span { font-family: system-ui, sans-serif; opacity: .75; margin-left: .8rem; }
pre { overflow-x: auto; background: #8881; padding: .8rem; border-radius: .4rem; }
table { border-collapse: collapse; width: 100%; }
td, th { border-bottom: 1px solid #8883; padding: .25rem .6rem .25rem 0; text-align: left; vertical-align: top; }
code { font-family: ui-monospace, monospace; }
`

export const docsScript = `const element = (name, text, ...children) => {
  const made = document.createElement(name)
  if (text) made.textContent = text
  made.append(...children)
  return made
}

const document_ = await (await fetch('/openapi.json')).json()
const resolve = (schema) => schema && schema.$ref
  ? schema.$ref.split('/').slice(1).reduce((at, step) => at[step], document_)
  : schema

const typeOf = (schema) => {
  const s = resolve(schema) ?? {}
  if (s.enum) return s.enum.map((value) => JSON.stringify(value)).join(' | ')
  if (s.const !== undefined) return JSON.stringify(s.const)
  const many = s.oneOf ?? s.anyOf
  if (many) return many.map(typeOf).join(' | ')
  if (s.type === 'array') return typeOf(s.items) + '[]'
  return [s.type].flat().join(' | ') || 'any'
}

const rowsOf = (schema, prefix = '') => {
  const s = resolve(schema) ?? {}
  return Object.entries(s.properties ?? {}).flatMap(([name, property]) => {
    const p = resolve(property)
    const inner = resolve(p.type === 'array' ? p.items : p)
    const needed = (s.required ?? []).includes(name) ? '' : ' (optional)'
    const row = element('tr', '', element('td', '', element('code', prefix + name)), element('td', typeOf(p) + needed), element('td', p.description ?? ''))
    return [row, ...(inner.properties ? rowsOf(inner, prefix + name + '.') : [])]
  })
}

const fields = (schema) => {
  const rows = rowsOf(schema)
  if (rows.length === 0) return element('p', typeOf(schema))
  const head = element('tr', '', element('th', 'Field'), element('th', 'Type'), element('th', 'Meaning'))
  return element('table', '', head, ...rows)
}

const bodyOf = (holder) => {
  const content = Object.entries(holder?.content ?? {})
  if (content.length === 0) return []
  const [, first] = content.find(([type]) => type.includes('json')) ?? content[0]
  const shown = [element('p', content.map(([type]) => type).join(', ')), fields(first.schema)]
  const example = first.example ?? resolve(first.schema)?.example
  if (example) shown.push(element('pre', JSON.stringify(example, null, 2)))
  return shown
}

const show = (path, method, operation) => {
  const summary = element('summary', '', element('b', method), document.createTextNode(path), element('span', operation.summary ?? ''))
  const box = element('details', '', summary)
  box.id = method + path
  if (operation.description) box.append(element('p', operation.description))
  const parameters = (operation.parameters ?? []).map(resolve)
  if (parameters.length > 0) {
    box.append(element('h4', 'Parameters'), element('table', '', ...parameters.map((p) =>
      element('tr', '', element('td', '', element('code', p.name)), element('td', p.in), element('td', p.description ?? typeOf(p.schema))))))
  }
  const request = bodyOf(operation.requestBody)
  if (request.length > 0) box.append(element('h4', 'Request'), ...request)
  for (const [status, response] of Object.entries(operation.responses ?? {})) {
    box.append(element('h4', status + ' ' + (resolve(response).description ?? '')), ...bodyOf(resolve(response)))
  }
  return box
}

document.getElementById('about').textContent = document_.info.title + ' ' + document_.info.version + '. ' + (document_.info.description ?? '')
const groups = new Map()
for (const [path, methods] of Object.entries(document_.paths)) {
  for (const [method, operation] of Object.entries(methods)) {
    const tag = operation.tags?.[0] ?? 'other'
    groups.set(tag, [...(groups.get(tag) ?? []), show(path, method, operation)])
  }
}
const operations = document.getElementById('operations')
operations.textContent = ''
const list = element('ul')
for (const [tag, boxes] of groups) {
  const heading = element('h2', tag)
  heading.id = tag
  const link = element('a', tag)
  link.href = '#' + tag
  list.append(element('li', '', link))
  operations.append(heading, ...boxes)
}
document.getElementById('index').append(list)
`
