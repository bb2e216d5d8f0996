// el makes an element of HTML, draw one of SVG.
function fill(e, attributes, children) {
  for (const [k, v] of Object.entries(attributes || {})) {
    if (k.startsWith('on')) e.addEventListener(k.slice(2), v);
    else if (v === true) e.setAttribute(k, '');
    else if (v !== false && v !== undefined && v !== null) e.setAttribute(k, v);
  }
  e.append(...children.flat().filter((c) => c !== null && c !== undefined));
  return e;
}
const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const draw = (tag, attributes, ...children) => fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);

const why = (...text) => el('p', { class: 'why' }, ...text);
const swatch = (colour) => { const s = el('i', { class: 'swatch' }); s.style.background = colour; return s; };

// Styles are set through the object model: a policy against style attributes in
// markup does not concern it.
function part(width, colour, title) {
  const i = el('i', { title });
  i.style.width = width;
  i.style.background = colour;
  return i;
}

// onResize draws now and whenever the element's width changes.
function onResize(element, redraw) {
  let width = 0;
  new ResizeObserver(() => {
    const now = Math.round(element.clientWidth);
    if (now !== width && now > 0) { width = now; redraw(now); }
  }).observe(element);
}
