// The chosen model: its figures, its layers, where its time and memory go.
const partColour = (name) => `var(--p${data.parts.indexOf(name)})`;

// timesOf is a block's time by part, in ns.
function timesOf(block, split) {
  const sums = {};
  for (const s of split.blocks[block]) sums[s.part] = (sums[s.part] || 0) + s.ns;
  return sums;
}

const total = (sums) => Object.values(sums).reduce((a, b) => a + b, 0);
const time = (ns) => ns >= 1e6 ? four(ns / 1e6) + ' ms' : four(ns / 1e3) + ' µs';

function showMember(i, latency) {
  const m = everyone[i];
  at('member-h').textContent = nameOf(i) + (i < members.length ? ` of ${members.length}` : '');
  at('member-words').textContent = [m.s, `hidden ${hiddenOf(m)}, ${m.l.length} layers; heads ${headsOf(m)} of width ${headWidthOf(m)}; ffn ${ffnOf(m)}`].filter(Boolean).join(' · ');
  const figure = (name, value, note) => [el('dt', {}, name), el('dd', {}, value, note ? el('small', {}, note) : null)];
  const pairs = [
    figure('score', show(quantity.score, m), m.r > 0 ? `resolution ${quantity.score.show(m.r)}${m.t ? ': a tie with its neighbour' : ''}` : ''),
    ...latencies.map((q, n) => figure(q.label + ', ' + m.k[n], show(q, m), 'interval ' + interval(m, n) + (q.limit > 0 ? '; ' + limitNote(q, m) : ''))),
    figure('memory', show(quantity.memory, m), limitNote(quantity.memory, m)),
    figure('flash', show(quantity.flash, m), limitNote(quantity.flash, m)),
    figure('parameters', show(quantity.params, m), show(quantity.nonembedding, m) + ' outside the embedding'),
    figure('standing', m.b ? 'beaten' : i < members.length ? 'on the front' : 'not beaten', overOf(m).join('; ')),
  ];
  at('figures').replaceChildren(...pairs.map((p) => el('div', {}, ...p)));
  const sizes = [['weights', 'var(--p1)'], ['arena', 'var(--p2)'], ['kv', 'var(--p3)']].filter(([k]) => quantity[k].of(m) > 0);
  const whole = Math.max(quantity.memory.of(m), quantity.memory.limit);
  at('memory-split').replaceChildren(
    el('div', { class: 'stack', role: 'img', 'aria-label': 'memory by use' }, ...sizes.map(([k, c]) => part(100 * quantity[k].of(m) / whole + '%', c, `${quantity[k].label} ${show(quantity[k], m)}`))),
    el('div', { class: 'legend' }, ...sizes.map(([k, c]) => el('span', { class: 'key' }, swatch(c), `${quantity[k].label} ${show(quantity[k], m)}`))));
  drawLayers(m, latency);
  showSplit(m, latency);
}

function limitNote(q, m) {
  return q.limit > 0 ? `${Math.round(100 * q.of(m) / q.limit)} % of the ${q.show(q.limit)} ${q.unit} limit` : '';
}

// drawLayers draws one column a layer: heads as blocks upwards, the feed-forward width
// downwards, on the scale of the widest of all members; below, the layer's time.
function drawLayers(m, latency) {
  const host = at('layers'), width = host.clientWidth;
  if (!width) return;
  const layers = layersOf(m), widest = widestOf(m);
  const split = data.splits[latency], timed = m.p && m.p[latency];
  const left = 64, column = (width - left) / (layers.length + 2), bar = Math.min(column * .72, 34);
  const up = 60, down = 56, middle = up + 6, pitch = 66, base = middle + down + 34 + (timed ? pitch : 0), height = base + (timed ? 22 : 6);
  const svg = draw('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `layers: heads ${headsOf(m)}; feed-forward ${ffnOf(m)}` });
  const centre = (n) => left + column * (n + .5);
  svg.append(draw('text', { x: 0, y: middle - up / 2 + 4 }, 'heads'), draw('text', { x: 0, y: middle + down / 2 + 8 }, 'ffn'),
    draw('line', { class: 'axis', x1: left, x2: width, y1: middle, y2: middle }));
  layers.forEach((s, n) => {
    const x = centre(n + 1) - bar / 2, per = up * s.head_width / widest.attention;
    for (let h = 0; h < s.heads; h++) {
      const r = draw('rect', { x, width: bar, y: middle - (h + 1) * per, height: Math.max(per - 1, .6), rx: 1 }, draw('title', {}, `layer ${n + 1}: ${s.heads} heads of width ${s.head_width}${s.kv_heads < s.heads ? `, ${s.kv_heads} key-value heads` : ''}`));
      r.style.fill = partColour('attention');
      svg.append(r);
    }
    const f = draw('rect', { x, width: bar, y: middle + 1, height: down * s.ffn / widest.ffn, rx: 1 }, draw('title', {}, `layer ${n + 1}: feed-forward width ${s.ffn}`));
    f.style.fill = partColour('feed-forward');
    svg.append(f);
    if (column >= 26) {
      svg.append(draw('text', { x: centre(n + 1), y: middle - s.heads * per - 4, 'text-anchor': 'middle' }, s.heads),
        draw('text', { x: centre(n + 1), y: middle + down * s.ffn / widest.ffn + 14, 'text-anchor': 'middle' }, s.ffn));
    }
  });
  if (timed) {
    const sums = timed.map((b) => timesOf(b, split)), most = Math.max(...sums.map(total));
    const peak = base - pitch + 8;
    svg.append(draw('text', { x: 0, y: base - 2 }, 'time'), draw('text', { x: 0, y: peak + 4 }, time(most)), draw('line', { class: 'grid', x1: left, x2: width, y1: peak, y2: peak }), draw('line', { class: 'axis', x1: left, x2: width, y1: base, y2: base }));
    sums.forEach((by, n) => {
      let y = base;
      const where = n === 0 ? 'before the layers' : n === sums.length - 1 ? 'after the layers' : `layer ${n}`;
      const g = draw('g', {}, draw('title', {}, `${where}: ${time(total(by))}\n` + split.blocks[timed[n]].map((s) => `${s.name} ${time(s.ns)}`).join('\n')));
      for (const name of data.parts.filter((p) => by[p])) {
        const h = (pitch - 8) * by[name] / most;
        y -= h;
        const r = draw('rect', { x: centre(n) - bar / 2, width: bar, y, height: Math.max(h - .5, .3) });
        r.style.fill = partColour(name);
        g.append(r);
      }
      svg.append(g);
      const label = n === 0 ? 'in' : n === sums.length - 1 ? 'out' : String(n);
      if (column >= 16 || n % 2 === 0) svg.append(draw('text', { x: centre(n), y: base + 15, 'text-anchor': 'middle' }, label));
    });
  }
  host.replaceChildren(svg);
}

// widestOf is the scale of the picture: the front's, or m's own where m is larger.
function widestOf(m) {
  const front = members.length ? widestFront : { attention: 0, ffn: 0 };
  const own = layersOf(m);
  return { attention: Math.max(front.attention, ...own.map((s) => s.heads * s.head_width)), ffn: Math.max(front.ffn, ...own.map((s) => s.ffn)) };
}
const widestFront = { attention: 0, ffn: 0 };
for (const m of members) {
  for (const s of layersOf(m)) {
    widestFront.attention = Math.max(widestFront.attention, s.heads * s.head_width);
    widestFront.ffn = Math.max(widestFront.ffn, s.ffn);
  }
}

function showSplit(m, latency) {
  const host = at('split'), split = data.splits[latency];
  if (!m.p || !m.p[latency]) { host.replaceChildren(why(split ? split.why : 'No times by op: no profile was given.')); return; }
  const sums = { overhead: split.overhead };
  for (const b of m.p[latency]) for (const [k, v] of Object.entries(timesOf(b, split))) sums[k] = (sums[k] || 0) + v;
  const whole = total(sums), parts = data.parts.filter((p) => sums[p] > 0);
  host.replaceChildren(
    el('div', { class: 'stack', role: 'img', 'aria-label': 'latency by part' }, ...parts.map((p) => part(100 * sums[p] / whole + '%', partColour(p), `${p} ${time(sums[p])}`))),
    el('div', { class: 'legend' }, ...parts.map((p) => el('span', { class: 'key' }, swatch(partColour(p)), `${p} ${time(sums[p])}, ${four(100 * sums[p] / whole).slice(0, 4).replace(/\.$/, '')} %`))));
}
