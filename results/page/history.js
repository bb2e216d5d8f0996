// The hypervolume that the search had reached, by evaluations.
function drawHistory() {
  const host = at('history');
  if (data.history.length < 2) { host.replaceChildren(why('This front does not hold the history of its search.')); return; }
  const last = data.history[data.history.length - 1].hypervolume;
  onResize(host, (width) => {
    const height = 300, box = { left: 52, right: width - 12, top: 30, bottom: height - 42 };
    const points = data.history.map((h) => [h.evaluations, 100 * h.hypervolume / last]);
    const x = axis(points.map((p) => p[0]), box.left, box.right), y = axis(points.map((p) => p[1]), box.bottom, box.top, { log: false });
    const qx = { title: 'evaluations', tick: (v) => count(v, round) }, qy = { title: 'hypervolume, % of the last', tick: round };
    const svg = draw('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': 'hypervolume by evaluations' });
    const line = draw('path', { class: 'stairs', d: 'M' + points.map((p) => `${x.px(p[0])},${y.px(p[1])}`).join('L') });
    line.style.stroke = 'var(--accent)';
    line.style.strokeWidth = 2;
    svg.append(frame(x, y, qx, qy, box), line);
    for (const p of points) {
      const dot = draw('circle', { cx: x.px(p[0]), cy: y.px(p[1]), r: 3 }, draw('title', {}, `${count(p[0])} evaluations: ${four(p[1])} %`));
      dot.style.fill = 'var(--accent)';
      svg.append(dot);
    }
    const near = data.history.find((h) => h.hypervolume >= .99 * last);
    host.replaceChildren(svg, el('p', { class: 'words' }, `99 % of it were reached within ${count(near.evaluations)} of ${count(data.history[data.history.length - 1].evaluations)} evaluations.`));
  });
}
