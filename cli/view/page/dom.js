// Elements. Texts are set as text content and never parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An HTML element.
 *
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes] A function is a listener.
 * @param {...unknown} children Nodes, texts, undefined, and arrays of these.
 */
export function html(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An SVG element: see html(). */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else attribute(element, name, value);
  }
  append(element, children);
  return element;
}

function append(element, child) {
  if (Array.isArray(child)) { for (const each of child) append(element, each); }
  else if (child !== undefined) element.append(child);
}

/** Replaces what an element contains. */
export function replace(element, ...children) {
  element.replaceChildren();
  append(element, children);
}

/** Sets or removes an attribute, only if it differs. */
export function attribute(element, name, value) {
  if (value === undefined || value === false) element.removeAttribute(name);
  else {
    const text = value === true ? "" : String(value);
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
}

/** Sets the text of an element, only if it differs. */
export function text(element, content) {
  if (element.textContent !== content) element.textContent = content;
}

/** Shapes of the link states, in a square of 12 pixels. */
const SHAPES = {
  up: ["circle", { cx: 6, cy: 6, r: 4.5 }],
  "no carrier": ["path", { d: "M6 1.5L11.2 10.5H.8Z" }],
  down: ["path", { d: "M2 2h8v8h-8z" }],
};

/** The shape of a state: a disc, a triangle or an empty square. */
export function stateShape(state) {
  const [tag, attributes] = SHAPES[state] ?? SHAPES.down;
  return svg(tag, { ...attributes, class: `shape ${stateClass(state)}` });
}

/** The class of a state. */
export function stateClass(state) {
  return `is-${state.replace(" ", "-")}`;
}
