// axis maps values to pixels from…to, logarithmic where they span more than a factor
// of ten.
function axis(values, from, to, options = {}) {
  let low = Infinity, high = -Infinity;
  for (const v of values) { if (v < low) low = v; if (v > high) high = v; }
  if (!isFinite(low)) { low = 0; high = 1; }
  if (low === high) { const room = Math.abs(low) / 2 || 1; low -= room; high += room; }
  low = Math.max(low, -1e300);
  high = Math.min(high, 1e300);
  const log = options.log !== false && low > 1e-300 && high / 10 > low;
  const f = log ? Math.log10 : (v) => v;
  let a = f(low), b = f(high);
  if (options.room !== false) { const room = (b - a) * .05; a -= room; b += room; }
  const px = (v) => from + (f(v) - a) / (b - a) * (to - from);
  const back = (p) => { const v = a + (p - from) / (to - from) * (b - a); return log ? 10 ** v : v; };
  return { px, back, log, low, high, ticks: () => ticks(log ? 10 ** a : a, log ? 10 ** b : b, log, Math.abs(to - from)) };
}

function ticks(low, high, log, length) {
  const at = [];
  if (log) {
    const decades = Math.log10(high / low);
    const steps = length / decades > 130 ? [1, 2, 5] : [1];
    for (let e = Math.floor(Math.log10(low)); 10 ** e <= high; e += Math.ceil(decades / 12)) {
      for (const s of steps) { const v = s * 10 ** e; if (v >= low && v <= high) at.push(+v.toPrecision(6)); }
    }
    return at;
  }
  let step = 10 ** Math.floor(Math.log10((high - low) / 2));
  const wanted = Math.max(2, length / 70);
  for (const s of [.1, .2, .5, 1, 2, 5, 10]) { if ((high - low) / (s * step) <= wanted) { step *= s; break; } }
  const first = Math.ceil(low / step);
  for (let i = 0; i < 24 && (first + i) * step <= high; i++) at.push(+((first + i) * step).toPrecision(6));
  return at;
}

// frame draws the grid and both axes with their names: the vertical one's above it,
// where it reads without turning the head.
function frame(x, y, qx, qy, box) {
  const g = draw('g');
  for (const v of x.ticks()) {
    g.append(draw('line', { class: 'grid', x1: x.px(v), x2: x.px(v), y1: box.top, y2: box.bottom }),
      draw('text', { x: x.px(v), y: box.bottom + 17, 'text-anchor': 'middle' }, qx.tick(v)));
  }
  for (const v of y.ticks()) {
    g.append(draw('line', { class: 'grid', x1: box.left, x2: box.right, y1: y.px(v), y2: y.px(v) }),
      draw('text', { x: box.left - 7, y: y.px(v) + 4, 'text-anchor': 'end' }, qy.tick(v)));
  }
  g.append(draw('path', { class: 'axis', fill: 'none', d: `M${box.left},${box.top}V${box.bottom}H${box.right}` }),
    draw('text', { class: 'name', x: box.right, y: box.bottom + 35, 'text-anchor': 'end' }, qx.title),
    draw('text', { class: 'name', x: 0, y: box.top - 12 }, qy.title));
  return g;
}
