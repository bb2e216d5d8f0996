// Parallel coordinates: one line a member, on a canvas, for there are thousands. A drag
// along an axis keeps the members in that range; a double click lets all back in.
function parallel(state, choose, filtered) {
  const host = at('parallel');
  const shown = varied.filter((q) => !['nonembedding', 'weights'].includes(q.key) && (q.key !== 'flash' || q.limit > 0));
  let scales = [], spots = [], overlay;
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function redraw() {
    if (shown.length < 2) { host.replaceChildren(why('The members do not differ in two quantities.')); return; }
    const width = Math.max(host.clientWidth, 96 * shown.length), height = 330;
    if (!host.clientWidth) return;
    const top = 56, bottom = height - 12, left = 50, right = width - 34;
    spots = shown.map((_, i) => left + (right - left) * i / (shown.length - 1));
    scales = shown.map((q) => axis(members.map(q.of), bottom, top, { room: false }));
    const ratio = window.devicePixelRatio || 1;
    const canvas = el('canvas', { width: width * ratio, height: height * ratio, 'aria-hidden': 'true' });
    canvas.style.width = width + 'px';
    canvas.style.height = height + 'px';
    lines(canvas.getContext('2d'), ratio);
    const svg = draw('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': 'parallel coordinates of ' + shown.map((q) => q.label).join(', ') });
    svg.style.position = 'relative';
    svg.style.width = width + 'px';
    shown.forEach((q, i) => axisOf(svg, q, i, top, bottom));
    overlay = draw('path', { class: 'ring' });
    svg.append(overlay);
    host.style.width = width + 'px';
    host.replaceChildren(canvas, svg);
    mark();
  }

  function lines(c, ratio) {
    c.scale(ratio, ratio);
    c.lineWidth = 1;
    const q = quantity[state.colour], ramp = colourOf(q);
    const alpha = Math.min(.8, Math.max(.12, 60 / members.length));
    const strokes = Array.from({ length: steps }, (_, i) => colour(`--r${i}`)), out = colour('--out');
    for (const inside of [false, true]) {
      c.globalAlpha = inside ? alpha : .35;
      for (const m of members) {
        if (state.inside(m) !== inside) continue;
        c.strokeStyle = inside ? strokes[ramp.step(q.of(m))] : out;
        c.beginPath();
        shown.forEach((q, i) => c.lineTo(spots[i], scales[i].px(q.of(m))));
        c.stroke();
      }
    }
  }

  function axisOf(svg, q, i, top, bottom) {
    const x = spots[i], s = scales[i], kept = state.filters[q.key];
    const range = kept && [Math.max(kept[0], s.low), Math.min(kept[1], s.high)];
    svg.append(draw('line', { class: 'axis', x1: x, x2: x, y1: top, y2: bottom }));
    const words = q.short.split(', ');
    words.forEach((w, n) => svg.append(draw('text', { class: 'name', x, y: 14 + 15 * n, 'text-anchor': 'middle' }, w)));
    if (q.limit > 0) svg.append(draw('text', { class: 'limit-name', x, y: 44, 'text-anchor': 'middle' }, 'limit ' + q.show(q.limit)));
    for (const v of s.ticks()) svg.append(draw('text', { x: x - 6, y: s.px(v) + 4, 'text-anchor': 'end' }, q.tick(v)));
    const band = draw('rect', { x: x - 6, width: 12, y: range ? s.px(range[1]) : top, height: range ? Math.max(s.px(range[0]) - s.px(range[1]), 2) : 0 });
    band.style.fill = 'var(--accent)';
    band.style.opacity = .35;
    const grip = draw('rect', { x: x - 16, width: 32, y: top - 8, height: bottom - top + 16, fill: 'transparent' }, draw('title', {}, `drag to keep a range of ${q.label}; double click to clear`));
    grip.style.cursor = 'ns-resize';
    grip.style.touchAction = 'none';
    let start = null;
    const place = (e) => Math.min(Math.max(e.clientY - svg.getBoundingClientRect().top, top), bottom);
    grip.addEventListener('pointerdown', (e) => { start = place(e); grip.setPointerCapture(e.pointerId); });
    grip.addEventListener('pointermove', (e) => {
      if (start === null) return;
      const y = place(e);
      band.setAttribute('y', Math.min(start, y));
      band.setAttribute('height', Math.abs(start - y));
    });
    grip.addEventListener('pointerup', (e) => {
      const from = start, y = place(e);
      start = null;
      if (from === null || Math.abs(from - y) < 4) return;
      state.filters[q.key] = [s.back(Math.max(from, y)), s.back(Math.min(from, y))];
      filtered();
    });
    grip.addEventListener('dblclick', () => { delete state.filters[q.key]; filtered(); });
    svg.append(band, grip);
  }

  function mark() {
    const m = everyone[state.chosen];
    if (!overlay || !m) return;
    const within = state.chosen < members.length;
    overlay.setAttribute('d', within ? 'M' + shown.map((q, i) => `${spots[i]},${scales[i].px(q.of(m))}`).join('L') : '');
  }

  onResize(host.parentElement, () => { host.style.width = ''; redraw(); });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  at('parallel-words').textContent = `One line a member, coloured by ${quantity[state.colour].label}. Drag along an axis to keep a range, double click to clear it.`;
  return { redraw, mark };
}
