// The members as rows: some, or all. Some are those of the printed table; where a
// budget left fewer, they are spread evenly over the order.
const few = 24;
const columns = [
  ['', (m, i) => nameOf(i), null, true], ['score', (m) => (m.t ? '~' : '') + quantity.score.show(quantity.score.of(m)), 'score'],
  ...latencies.flatMap((q, n) => [[q.short, (m) => q.show(q.of(m)), q.key], ['interval ' + q.unit, (m) => interval(m, n)]]),
  [quantity.memory.short, (m) => quantity.memory.show(quantity.memory.of(m)), 'memory'], [quantity.flash.short, (m) => quantity.flash.show(quantity.flash.of(m)), 'flash'],
  ['params', (m) => quantity.params.show(quantity.params.of(m)), 'params'], ['layers', (m) => m.l.length, 'layers'],
  ['hidden', hiddenOf, 'hidden', true], ['heads', headsOf, null, true], ['width', headWidthOf, null, true], ['ffn', ffnOf, null, true],
];

function table(state, choose) {
  let sort = { key: 'score', up: false }, full = false;

  function redraw() {
    const q = quantity[sort.key];
    const order = members.map((_, i) => i).filter((i) => state.inside(members[i])).sort((a, b) => (sort.up ? 1 : -1) * (q.of(members[a]) - q.of(members[b])) || a - b);
    const some = data.spread.filter((i) => state.inside(members[i])).sort((a, b) => order.indexOf(a) - order.indexOf(b));
    const rows = full || order.length <= few ? order : order.length === members.length ? some : Array.from({ length: few }, (_, i) => order[Math.floor(i * (order.length - 1) / (few - 1))]);
    const references = data.references.map((_, n) => members.length + n);
    const head = el('tr', {}, ...columns.map(([title, , key, left]) => {
      const by = key === sort.key;
      return el('th', { scope: 'col', class: left ? 'left' : '', 'aria-sort': by ? (sort.up ? 'ascending' : 'descending') : undefined },
        key ? el('button', { type: 'button', onclick: () => { sort = { key, up: by ? !sort.up : key !== 'score' }; redraw(); } }, title + (by ? (sort.up ? ' ↑' : ' ↓') : '')) : title);
    }));
    const row = (i) => el('tr', { 'data-model': i, onclick: () => choose(i) }, ...columns.map(([, value, , left], n) =>
      el('td', { class: left ? 'left' : '' }, n ? String(value(everyone[i], i)) : el('button', { type: 'button' }, nameOf(i)))));
    at('table').replaceChildren(el('thead', {}, head), el('tbody', {}, ...rows.map(row)), el('tbody', {}, ...references.map(row)));
    at('rows').replaceChildren(el('span', { class: 'words' }, `${rows.length} of ${order.length}`),
      order.length > few ? el('button', { type: 'button', onclick: () => { full = !full; redraw(); } }, full ? `Show ${few}` : 'Show all') : null);
    mark();
  }

  function mark() {
    for (const tr of at('table').querySelectorAll('tr[data-model]')) {
      if (+tr.dataset.model === state.chosen) tr.setAttribute('aria-selected', 'true');
      else tr.removeAttribute('aria-selected');
    }
  }

  return { redraw, mark };
}
