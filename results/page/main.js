// One state, one function that changes the chosen model, one that changes what is kept.
const state = {
  x: latencies[0].key, y: 'score', colour: 'memory', references: true, beaten: true, over: true, beyond: [],
  time: 0, // the latency that is taken apart
  chosen: -1, filters: {}, // by quantity: lowest and highest
  inside: (m) => Object.entries(state.filters).every(([key, [low, high]]) => { const v = quantity[key].of(m); return v >= low && v <= high; }),
};

function choose(i) {
  if (!(i >= 0 && i < everyone.length)) return;
  state.chosen = i;
  history.replaceState(null, '', '#' + (i < members.length ? 'member=' + (i + 1) : i < named ? 'reference=' + (i - members.length + 1) : 'seen=' + (i - named + 1)));
  showMember(i, state.time);
  for (const part of views) part.mark();
  at('walk').querySelectorAll('button').forEach((b) => { if (b.dataset.step) b.disabled = i + Number(b.dataset.step) < 0 || i + Number(b.dataset.step) >= everyone.length; });
  at('said').textContent = `${nameOf(i)}: score ${show(quantity.score, everyone[i])}, ${latencies.map((q) => q.label + ' ' + show(q, everyone[i])).join(', ')}, memory ${show(quantity.memory, everyone[i])}`;
}

// filtered follows a drag: the front at once, thousands of lines when it rests.
let resting = 0;
function filtered() {
  views[0].redraw();
  budget();
  clearTimeout(resting);
  resting = setTimeout(() => { for (const part of views.slice(1)) part.redraw(); }, 120);
}

function controls() {
  const pick = (label, key, options) => el('label', {}, label, el('select', { onchange: (e) => { state[key] = e.target.value; for (const v of views) v.redraw(); } },
    ...options.map((q) => el('option', { value: q.key, selected: q.key === state[key] }, q.label))));
  at('axes').append(pick('across', 'x', all), pick('up', 'y', all), pick('colour', 'colour', all),
    el('label', {}, el('input', { type: 'checkbox', checked: true, onchange: (e) => { state.references = e.target.checked; views[0].redraw(); } }), 'references'));
  if (latencies.length > 1) {
    at('which').append(el('select', { 'aria-label': 'latency', onchange: (e) => { state.time = +e.target.value; showMember(state.chosen, state.time); } },
      ...latencies.map((q, n) => el('option', { value: n }, q.label))));
  }
  const step = (n, text) => el('button', { type: 'button', 'data-step': n, 'aria-label': text, onclick: () => choose(state.chosen + n) }, n < 0 ? '←' : '→');
  const copy = el('button', { type: 'button', onclick: async () => {
    const text = archOf(everyone[state.chosen]);
    try { await navigator.clipboard.writeText(text); copy.textContent = 'Copied'; } catch { prompt('The architecture, for nas predict -', text); }
    setTimeout(() => { copy.textContent = 'Copy JSON'; }, 1500);
  } }, 'Copy JSON');
  at('walk').append(step(-1, 'previous'), step(1, 'next'), copy);
}

// budget is a tighter limit a slider; what is left, and the best of it.
function budget() {
  const host = at('budget');
  const left = members.map((_, i) => i).filter((i) => state.inside(members[i]));
  const best = left.reduce((a, i) => a < 0 || quantity.score.of(members[i]) > quantity.score.of(members[a]) ? i : a, -1);
  const answer = el('div', { class: 'answer' }, el('span', {}, best < 0 ? 'No member is left.' : `${left.length} of ${members.length} members; the best of them: ${nameOf(best)}, score ${show(quantity.score, members[best])}`),
    el('span', { class: 'buttons' }, el('button', { type: 'button', disabled: best < 0, onclick: () => choose(best) }, 'Show it'),
      el('button', { type: 'button', disabled: !Object.keys(state.filters).length, onclick: () => { state.filters = {}; host.querySelectorAll('input').forEach((i) => { i.value = 1000; }); filtered(); } }, 'Reset')));
  const old = host.querySelector('.answer');
  if (old) old.replaceWith(answer); else host.append(answer);
  for (const o of host.querySelectorAll('output')) {
    const q = quantity[o.dataset.key], range = state.filters[q.key];
    o.textContent = '≤ ' + q.show(range ? range[1] : colourOf(q).high) + ' ' + q.unit;
  }
}

function sliders() {
  for (const q of [...latencies, quantity.memory, quantity.flash].filter((q) => varied.includes(q))) {
    const scale = axis(members.map(q.of), 0, 1000, { room: false });
    let due = 0;
    at('budget').append(el('label', {}, q.label, el('input', { type: 'range', min: 0, max: 1000, value: 1000, oninput: (e) => {
      if (+e.target.value === 1000) delete state.filters[q.key];
      else state.filters[q.key] = [-Infinity, scale.back(+e.target.value) * (1 + 1e-9)];
      cancelAnimationFrame(due);
      due = requestAnimationFrame(filtered);
    } }), el('output', { 'data-key': q.key })));
  }
}

at('title').textContent = data.title;
at('lead').append(...data.lead.map((s) => el('p', {}, s)));
at('warnings').append(...data.warnings.map((s) => el('li', {}, s)));
at('conditions').append(...data.conditions.map(([k, v]) => el('div', {}, el('dt', {}, k), el('dd', {}, v))));
if (!data.conditions.length) at('conditions').replaceWith(why('The file that this page was made from holds no conditions: CSV leaves them behind, JSON keeps them.'));
at('notes').append(...data.notes.map((s) => el('li', {}, s)));
const views = [];
controls();
if (members.length) sliders(); else at('budget').hidden = true;
views.push(scatter(state, choose), table(state, choose), parallel(state, choose, filtered));
views[1].redraw();
if (members.length) budget();
onResize(at('layers'), () => { if (state.chosen >= 0) drawLayers(everyone[state.chosen], state.time); });
drawHistory();
drawMeasured(choose);
const asked = location.hash.match(/^#(member|reference|seen)=(\d+)$/);
choose(asked ? +asked[2] - 1 + { member: 0, reference: members.length, seen: named }[asked[1]] : 0);
if (state.chosen < 0) choose(0);
