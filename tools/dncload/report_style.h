// The style sheet of the HTML report.
#pragma once

namespace dnc::load {

inline constexpr char kReportStyle[] = R"css(
:root { color-scheme: light dark; --back: #f6f7f9; --paper: #fff; --ink: #16202c; --soft: #5b6776;
  --rule: #e3e7ec; --good: #0a7f4f; --bad: #c02626; --warn: #8a5a00; --warnback: #fff5dc;
  --badback: #fde8e8; --goodback: #e2f6ec; --c0: #2563eb; --c1: #e07b00; --c2: #0e9384;
  --c3: #d92d4a; --c4: #7a4fd6; --c5: #7b8794; --c6: #a04e9b; --c7: #6b8e23; }
@media (prefers-color-scheme: dark) { :root { --back: #11161d; --paper: #1a212b; --ink: #e6ebf1;
  --soft: #9aa7b5; --rule: #2c3642; --good: #4fd39a; --bad: #ff8080; --warn: #ffcf70;
  --warnback: #3a2f14; --badback: #40191b; --goodback: #12352a; --c0: #6ea1ff; --c1: #ffa53d;
  --c2: #3fd0bf; --c3: #ff7a90; --c4: #b396ff; --c5: #8c99a7; --c6: #e08fda; --c7: #b3d465; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 28px 20px 60px; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 14px; }
h1 { margin: 0; font-size: 26px; letter-spacing: -.01em; } h1 span { color: var(--c0); }
h2 { font-size: 18px; margin: 36px 0 10px; }
.pill { margin: 0; padding: 3px 12px; border-radius: 99px; font-size: 13px; font-weight: 600; }
.pill.good { color: var(--good); background: var(--goodback); }
.pill.doubt { color: var(--warn); background: var(--warnback); }
.pill.bad { color: var(--bad); background: var(--badback); }
.sub { flex-basis: 100%; margin: 0; color: var(--soft); }
.note { margin: 10px 0 0; padding: 9px 14px; border-radius: 8px; color: var(--warn);
  background: var(--warnback); }
.note.bad { color: var(--bad); background: var(--badback); font-weight: 600; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px;
  margin-top: 22px; }
.card { background: var(--paper); border: 1px solid var(--rule); border-radius: 12px;
  padding: 14px 16px; }
.card b { display: block; font-size: 23px; font-weight: 650; letter-spacing: -.02em;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
.card span { color: var(--soft); font-size: 13px; }
.of { margin: 8px 2px 0; color: var(--soft); font-size: 13px; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(520px, 100%), 1fr));
  gap: 14px; margin-top: 18px; }
figure { margin: 0; background: var(--paper); border: 1px solid var(--rule); border-radius: 12px;
  padding: 14px 16px 10px; break-inside: avoid; }
figure p { margin: 4px 0 2px; color: var(--soft); font-size: 12.5px; }
.unit { color: var(--soft); font-size: 13px; margin-left: 6px; }
.keys { display: flex; flex-wrap: wrap; gap: 2px 14px; font-size: 13px; color: var(--soft);
  margin: 2px 0 6px; }
.key i { display: inline-block; width: 16px; height: 0; border-top: 3px solid; border-radius: 2px;
  margin-right: 6px; vertical-align: middle; }
.key .dashed { border-top-style: dashed; }
svg { display: block; width: 100%; height: auto; }
.grid { stroke: var(--rule); } .axis { stroke: var(--soft); }
.mark { stroke: var(--bad); stroke-dasharray: 2 4; }
.tick, .label { font-size: 12px; fill: var(--soft); } .label { font-size: 12.5px; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.line.dashed { stroke-dasharray: 5 4; stroke-width: 1.5; }
.s0 { stroke: var(--c0); } .s1 { stroke: var(--c1); } .s2 { stroke: var(--c2); }
.s3 { stroke: var(--c3); } .s4 { stroke: var(--c4); } .s5 { stroke: var(--c5); }
.s6 { stroke: var(--c6); } .s7 { stroke: var(--c7); }
.f0 { fill: var(--c0); } .f1 { fill: var(--c1); } .f2 { fill: var(--c2); }
.f3 { fill: var(--c3); } .f4 { fill: var(--c4); } .f5 { fill: var(--c5); }
.f6 { fill: var(--c6); } .f7 { fill: var(--c7); }
.key .b0 { border-color: var(--c0); } .key .b1 { border-color: var(--c1); }
.key .b2 { border-color: var(--c2); } .key .b3 { border-color: var(--c3); }
.key .b4 { border-color: var(--c4); } .key .b5 { border-color: var(--c5); }
.key .b6 { border-color: var(--c6); } .key .b7 { border-color: var(--c7); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; background: var(--paper); border: 1px solid var(--rule);
  border-radius: 12px; font-size: 13.5px; font-variant-numeric: tabular-nums; width: 100%; }
th, td { padding: 6px 10px; text-align: left; border-bottom: 1px solid var(--rule);
  vertical-align: top; overflow-wrap: anywhere; }
table:not(.runs) th { width: 260px; font-weight: 500; color: var(--soft); }
.runs { font-size: 13px; } .runs th, .runs td { padding: 6px 8px; }
.runs td { text-align: right; white-space: nowrap; } .runs td.text { text-align: left; }
.runs th { white-space: nowrap; font-weight: 600; } .runs thead th { color: var(--soft);
  font-weight: 500; text-align: right; } .runs thead th:first-child { text-align: left; }
td.stalled { color: var(--bad); font-weight: 600; } td.fine { color: var(--good); }
tr:last-child th, tr:last-child td { border-bottom: 0; }
@media print { body { background: #fff; } .plots { grid-template-columns: 1fr 1fr; } }
)css";

}  // namespace dnc::load
