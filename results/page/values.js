// What the page shows, in the units that people read.
const data = JSON.parse(document.getElementById('data').textContent);
const members = data.members;
const everyone = members.concat(data.references, data.others); // a model's number is its place here
const named = members.length + data.references.length; // the others come after
const at = (id) => document.getElementById(id);

// four is v with four significant digits, without an exponent.
function four(v) {
  if (v === 0 || !isFinite(v)) return String(v);
  const size = Math.floor(Math.log10(Math.abs(v)));
  return size > 12 || size < -6 ? v.toPrecision(4) : v.toFixed(Math.min(Math.max(3 - size, 0), 3 - Math.min(size, 0)));
}

// count is v with k, M or G behind it.
function count(v, digits = four) {
  for (const [name, factor] of [['G', 1e9], ['M', 1e6], ['k', 1e3]]) {
    if (Math.abs(v) >= factor) return digits(v / factor) + name;
  }
  return Number.isInteger(v) ? String(v) : four(v);
}

const round = (v) => String(+v.toPrecision(6));

function quantityOf(q, i) {
  const counted = q.unit === 'count';
  return {
    ...q, unit: counted ? '' : q.unit, limit: q.limit / q.scale,
    of: (m) => m.v[i] / q.scale,
    show: counted ? (v) => count(v) : four, tick: counted ? (v) => count(v, round) : round,
    title: q.label + (i === 0 && data.score_unit ? ': ' + data.score_unit : counted ? '' : ' ' + q.unit),
    short: q.label + (counted ? '' : ' ' + q.unit),
  };
}

const mean = (m, f) => m.l.reduce((sum, s) => sum + f(data.shapes[s]), 0) / m.l.length;
const shape = (key, label, of) => ({ key, label, unit: '', title: label, short: label, more: false, limit: 0, of, show: (v) => round(+v.toFixed(1)), tick: round });

// Quantities that differ between members are worth an axis.
const all = data.quantities.map(quantityOf).concat([
  shape('layers', 'layers', (m) => m.l.length),
  shape('hidden', 'hidden width', (m) => m.h),
  shape('attention', 'attention width, mean', (m) => mean(m, (s) => s.heads * s.head_width)),
  shape('ffn', 'ffn width, mean', (m) => mean(m, (s) => s.ffn)),
]);
const latencies = data.latencies.map((_, n) => all[1 + n]);
const latencyScale = data.quantities[1].scale;
const quantity = Object.fromEntries(all.map((q) => [q.key, q]));
const varied = all.filter((q) => new Set(members.map(q.of)).size > 1);

// runs counts equal neighbours: 3×512 256.
function runs(list) {
  const words = [];
  for (let i = 0, n; i < list.length; i += n) {
    for (n = 1; i + n < list.length && list[i + n] === list[i]; n++);
    words.push(n === list.length || n === 1 ? list[i] : n + '×' + list[i]);
  }
  return words.join(' ');
}

const layersOf = (m) => m.l.map((s) => data.shapes[s]);
const headsOf = (m) => runs(layersOf(m).map((s) => s.heads + (s.kv_heads < s.heads ? '/' + s.kv_heads : '')));
const headWidthOf = (m) => runs(layersOf(m).map((s) => s.head_width));
const ffnOf = (m) => runs(layersOf(m).map((s) => s.ffn));
const hiddenOf = (m) => m.h + (m.e !== m.h ? ` (emb ${m.e})` : '');
const nameOf = (i) => everyone[i].name || (i < named ? `Member ${i + 1}` : `Seen ${i - named + 1}`);
const show = (q, m) => q.show(q.of(m)) + (q.unit ? ' ' + q.unit : '');
const interval = (m, n) => `${four(m.lo[n] / latencyScale)}–${four(m.hi[n] / latencyScale)}`;

// archOf is m as nas predict reads it.
const archOf = (m) => JSON.stringify({ ...data.models[m.m], embedding: m.e, hidden: m.h, layers: layersOf(m) });
