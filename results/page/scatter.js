// The front in two chosen quantities, a third one as colour. Thousands of members stay
// fluid because those of one colour are one path of points without length, drawn
// with round ends; the nearest one to the pointer is found by arithmetic.
const steps = 8;

// colourOf gives a member's step on the ramp from r0 to r7 in quantity q.
function colourOf(q) {
  const values = members.map(q.of);
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  return { low, high, step: (v) => Math.min(Math.max(Math.floor((v - low) / (high - low || 1) * steps), 0), steps - 1) };
}

function scatter(state, choose) {
  const host = at('scatter');
  let places = []; // of everyone, in pixels; null where not drawn
  let overlay, box, x, y;

  // near is the model closest to a pixel, -1 beyond a finger's width.
  function near(px, py) {
    let best = -1, least = 26 * 26;
    places.forEach((p, i) => {
      if (!p || (i < members.length && !state.inside(members[i]))) return;
      const d = (p[0] - px) ** 2 + (p[1] - py) ** 2 + (i < members.length ? 0 : i < named ? -30 : 30);
      if (d < least) { least = d; best = i; }
    });
    return best;
  }

  function redraw(width = host.clientWidth) {
    if (!width) return;
    const qx = quantity[state.x], qy = quantity[state.y];
    const height = Math.max(300, Math.min(440, width * .72));
    box = { left: 52, right: width - 12, top: 30, bottom: height - 42 };
    // References within three times the front are drawn, as in the pictures.
    const within = (q, v) => members.length === 0 || colourOf(q).high <= 0 || v <= 3 * colourOf(q).high;
    const shown = everyone.map((m, i) => i < members.length || ((i < named ? state.references : wanted(m)) && within(qx, qx.of(m)) && within(qy, qy.of(m))));
    const drawn = everyone.filter((_, i) => shown[i]);
    const limits = (q) => q.limit > 0 && q.limit <= 1.5 * drawn.reduce((most, m) => Math.max(most, q.of(m)), 0) ? [q.limit] : [];
    x = axis(drawn.map(qx.of).concat(limits(qx)), box.left, box.right);
    y = axis(drawn.map(qy.of).concat(limits(qy)), box.bottom, box.top);
    places = everyone.map((m, i) => shown[i] ? [x.px(qx.of(m)), y.px(qy.of(m))] : null);

    const svg = draw('svg', { width, height, viewBox: `0 0 ${width} ${height}`, tabindex: 0, role: 'application',
      'aria-label': `${qy.label} against ${qx.label} of ${members.length} members. Left and right arrow keys walk from member to member, Home and End jump.` });
    svg.append(bandAndStairs(qx, qy), frame(x, y, qx, qy, box));
    for (const [q, vertical] of [[qx, true], [qy, false]]) {
      if (!limits(q).length) continue;
      const p = vertical ? x.px(q.limit) : y.px(q.limit);
      svg.append(draw('line', vertical ? { class: 'limit', x1: p, x2: p, y1: box.top, y2: box.bottom } : { class: 'limit', x1: box.left, x2: box.right, y1: p, y2: p }),
        draw('text', vertical ? { class: 'limit-name', x: p - 4, y: box.top + 10, 'text-anchor': 'end' } : { class: 'limit-name', x: box.left + 6, y: p - 5 }, `limit ${q.show(q.limit)}`));
    }
    dots(svg);
    others(svg);
    references(svg, shown);
    overlay = draw('g');
    svg.append(overlay);
    const point = (e) => { const r = svg.getBoundingClientRect(); return [e.clientX - r.left, e.clientY - r.top]; };
    svg.addEventListener('pointermove', (e) => hover(near(...point(e)), e));
    svg.addEventListener('pointerleave', () => hover(-1));
    svg.addEventListener('click', (e) => { const i = near(...point(e)); if (i >= 0) choose(i); });
    svg.addEventListener('keydown', walk);
    const focused = host.contains(document.activeElement);
    host.replaceChildren(svg);
    if (focused) svg.focus();
    mark();
    key();
  }

  // bandAndStairs draws the members that none beats in both quantities, and where one
  // of these is the score, what it cannot tell from them.
  function bandAndStairs(qx, qy) {
    const g = draw('g');
    if (qx === qy || !members.length) return g;
    const sign = (q) => q.more ? -1 : 1;
    const sorted = members.filter(state.inside).sort((a, b) => sign(qx) * (qx.of(a) - qx.of(b)) || sign(qy) * (qy.of(a) - qy.of(b)));
    const best = [];
    for (const m of sorted) if (!best.length || sign(qy) * (qy.of(m) - qy.of(best[best.length - 1])) < 0) best.push(m);
    if (!best.length) return g;
    const end = qx.more ? box.left : box.right;
    const clamp = (p) => Math.min(Math.max(p, box.top), box.bottom);
    const until = (i) => i + 1 < best.length ? x.px(qx.of(best[i + 1])) : end;
    if (qy.key === 'score') {
      const floor = (m) => { const p = y.px(qy.of(m) - m.r); return clamp(isFinite(p) ? p : box.bottom); };
      let d = `M${x.px(qx.of(best[0]))},${y.px(qy.of(best[0]))}`;
      best.forEach((m, i) => { d += `V${y.px(qy.of(m))}H${until(i)}`; });
      for (let i = best.length - 1; i >= 0; i--) d += `V${floor(best[i])}H${x.px(qx.of(best[i]))}`;
      g.append(draw('path', { class: 'band', d: d + 'Z' }));
    }
    let d = '';
    best.forEach((m, i) => { d += i ? `H${x.px(qx.of(m))}V${y.px(qy.of(m))}` : `M${x.px(qx.of(m))},${y.px(qy.of(m))}`; });
    g.append(draw('path', { class: 'stairs', d }));
    return g;
  }

  function dots(svg) {
    const q = quantity[state.colour], ramp = colourOf(q);
    const paths = new Map();
    members.forEach((m, i) => {
      const key = (state.inside(m) ? ramp.step(q.of(m)) : -1) + ' ' + m.k[kindOf()];
      const p = places[i];
      paths.set(key, (paths.get(key) || '') + `M${p[0].toFixed(1)},${p[1].toFixed(1)}h.01`);
    });
    for (const key of [...paths.keys()].sort((a, b) => parseInt(a) - parseInt(b))) {
      const [step, kind] = key.split(' ');
      const path = draw('path', { class: 'dots ' + kind + (step < 0 ? ' out' : ''), d: paths.get(key) });
      if (step >= 0) path.style.stroke = `var(--r${step})`;
      svg.append(path);
      if (kind === 'modelled') svg.append(draw('path', { class: 'dots hole', d: paths.get(key) }));
    }
  }

  // others are what the search saw besides: dots if beaten, crosses if over a limit.
  function others(svg) {
    let beaten = '', over = '';
    for (let i = named; i < everyone.length; i++) {
      const p = places[i] && places[i].map((v) => +v.toFixed(1));
      if (p && overOf(everyone[i]).length) over += `M${p[0] - 2},${p[1] - 2}l4,4m0,-4l-4,4`;
      else if (p) beaten += `M${p[0]},${p[1]}h.01`;
    }
    svg.append(draw('path', { class: 'dots seen-halo', d: beaten }), draw('path', { class: 'dots seen', d: beaten }), draw('path', { class: 'seen-over', d: over }));
  }

  // wanted tells which of the others are switched on in the legend.
  const wanted = (m) => overOf(m).length ? state.over : state.beaten;

  function references(svg, shown) {
    const taken = [];
    data.references.forEach((m, n) => {
      const i = members.length + n, p = places[i];
      if (!p) return;
      const over = overOf(m).length > 0;
      svg.append(draw('path', { class: 'reference' + (over ? ' over' : ''), 'data-model': i, d: `M${p[0] - 6},${p[1]}l6,-6l6,6l-6,6Z` }));
      const w = m.name.length * 6.6;
      for (const [dx, dy, anchor] of [[9, 4, 'start'], [-9, 4, 'end'], [0, 19, 'middle'], [0, -10, 'middle']]) {
        const left = p[0] + dx - (anchor === 'end' ? w : anchor === 'middle' ? w / 2 : 0), top = p[1] + dy - 11;
        if (left < box.left || left + w > box.right || top + 14 > box.bottom || top < box.top - 8) continue;
        if (taken.some((t) => left < t[0] + t[2] && t[0] < left + w && top < t[1] + 14 && t[1] < top + 14)) continue;
        taken.push([left, top, w]);
        svg.append(draw('text', { class: 'reference-name', x: p[0] + dx, y: p[1] + dy, 'text-anchor': anchor }, m.name));
        break;
      }
    });
    state.beyond = data.references.filter((_, n) => !shown[members.length + n]).map((m) => m.name);
  }

  // kindOf is the latency whose kind the signs show: the drawn one, else the first.
  const kindOf = () => Math.max(0, data.latencies.indexOf(state.x), data.latencies.indexOf(state.y));

  // mark rings the chosen model and the one below the pointer.
  function mark(hovered = -1) {
    if (!overlay) return;
    overlay.replaceChildren();
    for (const [i, name] of [[state.chosen, 'ring'], [hovered, 'ring hover']]) {
      const p = places[i];
      if (i < 0 || !p) continue;
      const m = everyone[i], r = i < members.length ? 6.5 : 10;
      const across = data.latencies.indexOf(state.x), up = data.latencies.indexOf(state.y);
      const ends = (n, to) => [m.lo[n], m.hi[n]].map((v) => to.px(v / latencyScale));
      let d = '';
      if (across >= 0) { const [a, b] = ends(across, x); d += `M${a},${p[1]}H${b}m0,-4v8M${a},${p[1] - 4}v8`; }
      if (up >= 0) { const [a, b] = ends(up, y); d += `M${p[0]},${a}V${b}m-4,0h8M${p[0] - 4},${a}h8`; }
      for (const halo of [' halo', '']) overlay.append(draw('path', { class: 'whisker' + halo, d }), draw('circle', { class: name + halo, cx: p[0], cy: p[1], r }));
    }
  }

  function hover(i, e) {
    mark(i);
    const tip = at('tip');
    tip.hidden = i < 0;
    host.style.cursor = i < 0 ? '' : 'pointer';
    if (i < 0) return;
    tip.replaceChildren(...tipOf(i));
    const wide = document.documentElement.clientWidth, w = tip.offsetWidth, h = tip.offsetHeight;
    tip.style.left = Math.max(4, Math.min(e.pageX + 16, wide - w - 8)) + 'px';
    tip.style.top = (e.clientY + h + 24 > innerHeight ? e.pageY - h - 14 : e.pageY + 16) + 'px';
  }

  // walk goes to the next member along the horizontal axis.
  function walk(e) {
    const q = quantity[state.x];
    const order = members.map((_, i) => i).filter((i) => state.inside(members[i])).sort((a, b) => q.of(members[a]) - q.of(members[b]) || a - b);
    const now = order.indexOf(state.chosen), last = order.length - 1;
    const to = { ArrowRight: Math.min(now + 1, last), ArrowLeft: Math.max(now - 1, 0), Home: 0, End: last }[e.key];
    if (to === undefined || last < 0) return;
    e.preventDefault();
    choose(order[to]);
  }

  function key() {
    const q = quantity[state.colour], ramp = colourOf(q);
    const bar = el('span', { class: 'ramp', 'aria-hidden': 'true' }, ...Array.from({ length: steps }, (_, i) => part('', `var(--r${i})`)));
    const parts = [el('span', { class: 'key' }, q.title + ': ' + q.show(ramp.low), bar, q.show(ramp.high)),
      el('span', { class: 'key' }, el('span', { class: 'diamond' }, '◆'), 'reference models' + (state.beyond.length && state.references ? '; beyond the axes: ' + state.beyond.join(', ') : ''))];
    if (data.references.some((m) => overOf(m).length)) parts.push(el('span', { class: 'key' }, el('span', { class: 'diamond' }, '◇'), 'over a limit'));
    for (const [name, sign, has, words] of [['beaten', '•', (m) => !overOf(m).length, 'beaten'], ['over', '×', (m) => overOf(m).length, 'over a limit']]) {
      const n = data.others.filter(has).length;
      if (n) parts.push(el('label', { class: 'key' }, el('input', { type: 'checkbox', 'data-seen': name, checked: state[name], onchange: (e) => { state[name] = e.target.checked; redraw(); } }), el('span', { class: name === 'over' ? 'diamond' : '' }, sign), `${n} others the search saw, ${words}`));
    }
    if (state.y === 'score' && members.some((m) => m.r > 0)) parts.push(el('span', { class: 'key' }, swatch('var(--band)'), 'the score cannot tell these from the best beside them'));
    at('scatter-legend').replaceChildren(...(members.length ? parts : parts.slice(1)));
  }

  onResize(host, redraw);
  return { redraw, mark };
}

// overOf says which limits m breaks.
const overOf = (m) => all.filter((q) => q.limit > 0 && q.of(m) > q.limit).map((q) => `${q.label} ${show(q, m)} is over the limit of ${q.show(q.limit)} ${q.unit}`);

function tipOf(i) {
  const m = everyone[i];
  const line = (s) => el('span', {}, s);
  return [el('b', {}, nameOf(i)),
    line(`score ${show(quantity.score, m)}${m.t ? ', tied with a neighbour' : ''}`),
    ...latencies.map((q, n) => line(`${q.label} ${show(q, m)} ${m.k[n]}, ${interval(m, n)}`)),
    line(`memory ${show(quantity.memory, m)}, flash ${show(quantity.flash, m)}`),
    line(`${show(quantity.params, m)} parameters`),
    line(`hidden ${hiddenOf(m)}, ${m.l.length} layers`), line(`heads ${headsOf(m)}, width ${headWidthOf(m)}`), line(`ffn ${ffnOf(m)}`),
    ...overOf(m).map(line), m.b ? line('beaten by a member of the front') : null].filter(Boolean);
}
