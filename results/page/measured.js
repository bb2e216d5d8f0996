// Models that ran, against what was predicted of them; the diagonal is agreement.
function drawMeasured(choose) {
  const host = at('measured');
  if (!data.measured.length) {
    host.replaceChildren(why('No model of this front was run. On the device: ', el('code', {}, 'nas measure front.json --format json -o measured.json'), ' and then ', el('code', {}, 'nas report front.json --measured measured.json -o report.html')));
    return;
  }
  const q = latencies[0], scale = latencyScale;
  onResize(host, (width) => {
    const height = 300, box = { left: 52, right: width - 12, top: 30, bottom: height - 42 };
    const values = data.measured.flatMap((m) => [m.predicted, m.floor, m.median]).map((v) => v / scale);
    const x = axis(values, box.left, box.right), y = axis(values, box.bottom, box.top);
    const svg = draw('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': 'measured against predicted latency' });
    svg.append(frame(x, y, { ...q, title: 'predicted ' + q.unit }, { ...q, title: 'measured ' + q.unit + ': floor, and median with 95 %' }, box));
    svg.append(draw('line', { class: 'axis', x1: box.left, y1: box.bottom, x2: box.right, y2: box.top, 'stroke-dasharray': '4 3' }));
    for (const m of data.measured) {
      const px = x.px(m.predicted / scale), py = y.px(m.floor / scale);
      const g = draw('g', {}, draw('title', {}, `${m.name || 'member'}: predicted ${time(m.predicted)}, floor ${time(m.floor)} (${four(100 * (m.floor / m.predicted - 1))} %), median ${time(m.median)}`));
      const dot = draw('rect', { x: px - 4, y: py - 4, width: 8, height: 8 });
      dot.style.fill = 'var(--accent)';
      g.append(draw('path', { class: 'whisker', d: `M${px},${y.px(m.median_low / scale)}V${y.px(m.median_high / scale)}M${px - 4},${y.px(m.median / scale)}h8` }), dot);
      if (m.member >= 0) { g.style.cursor = 'pointer'; g.addEventListener('click', () => choose(m.member)); }
      svg.append(g);
    }
    const worst = data.measured.reduce((a, m) => Math.max(a, Math.abs(m.floor / m.predicted - 1)), 0);
    host.replaceChildren(svg, el('p', { class: 'words' }, `${data.measured.length} models; the undisturbed time is at most ${four(100 * worst)} % off the prediction.`));
  });
}
