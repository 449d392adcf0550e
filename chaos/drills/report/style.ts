/** Colours say the same in light and dark; a verdict is told by its word too, never by colour alone. */
export const style = `
:root { color-scheme: light dark;
  --ground:#f6f7f9; --card:#fff; --ink:#16202c; --soft:#5c6b7c; --line:#dde3ea; --accent:#2563c9; --accent-soft:#2563c922;
  --pass:#1a7f4b; --fail:#c22f3b; --unknown:#a06a00; --late:#e0a11b; --fault:#c22f3b1c; --calm:#1a7f4b; --p99:#8a4fd0; }
@media (prefers-color-scheme: dark) { :root {
  --ground:#10151b; --card:#19212a; --ink:#e6ecf2; --soft:#93a2b3; --line:#2b3743; --accent:#6ea3ff; --accent-soft:#6ea3ff22;
  --pass:#4cc38a; --fail:#ff7b82; --unknown:#e3b341; --late:#e3b341; --fault:#ff7b8226; --calm:#3b9e6c; --p99:#b78cf2; } }
* { box-sizing: border-box }
body { margin:0; background:var(--ground); color:var(--ink); font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif }
main { max-width:1120px; margin:0 auto; padding:32px 20px 64px }
header { display:flex; gap:20px; align-items:flex-start; justify-content:space-between; flex-wrap:wrap; margin-bottom:20px }
h1 { font-size:26px; line-height:1.2; margin:0 0 4px } h2 { font-size:17px; margin:0 0 12px }
header p { margin:0; color:var(--soft); max-width:72ch }
.verdict { font-weight:700; font-size:18px; padding:8px 18px; border-radius:999px; color:#fff; white-space:nowrap }
.verdict.pass { background:#1a7f4b } .verdict.fail { background:#c22f3b } .verdict.unknown { background:#8a5b00 }
section { background:var(--card); border:1px solid var(--line); border-radius:12px; padding:18px 20px; margin:16px 0 }
.tiles { display:grid; grid-template-columns:repeat(auto-fit,minmax(150px,1fr)); gap:12px; padding:0; border:0; background:none }
.tile { background:var(--card); border:1px solid var(--line); border-radius:12px; padding:14px 16px }
.tile b { display:block; font-size:24px; font-variant-numeric:tabular-nums; line-height:1.25 }
.tile span { color:var(--soft); font-size:13px } .tile.bad b { color:var(--fail) } .tile.good b { color:var(--pass) }
.scroll { overflow-x:auto } table { border-collapse:collapse; width:100%; font-size:14px; font-variant-numeric:tabular-nums }
th { text-align:left; color:var(--soft); font-weight:600; border-bottom:1px solid var(--line); padding:6px 12px 6px 0 }
td { border-bottom:1px solid var(--line); padding:6px 12px 6px 0; vertical-align:top; overflow-wrap:anywhere }
tr:last-child td { border-bottom:0 } td:first-child { white-space:nowrap }
.what { display:inline-block; min-width:14rem }
.word { font-weight:600 } .word.pass { color:var(--pass) } .word.fail { color:var(--fail) } .word.unknown { color:var(--unknown) }
.kind { color:var(--soft) } .kind.fault { color:var(--fail) } .kind.alert { color:var(--unknown) } .kind.word,.kind.owner { color:var(--accent) }
.statement { border-left:4px solid var(--pass); padding-left:14px } .statement.fail { border-color:var(--fail) } .statement.unknown { border-color:var(--unknown) }
svg { width:100%; height:auto; display:block } svg text { font:11px system-ui,sans-serif; fill:var(--soft) }
svg .strong { fill:var(--ink); font-weight:600 } .legend { color:var(--soft); font-size:13px; margin:8px 0 0 }
.key { display:inline-block; width:10px; height:10px; border-radius:2px; margin:0 5px 0 14px } .key:first-child { margin-left:0 }
code { font:13px ui-monospace,Menlo,Consolas,monospace; background:var(--ground); padding:2px 6px; border-radius:4px }
footer { color:var(--soft); font-size:13px; margin-top:24px }
`
