// Elements from text, and nothing that parses markup.

/** Children are elements or text. */
export const element = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);

export const vector = (name, attributes, ...children) =>
  fill(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children);

function fill(node, attributes = {}, children = []) {
  for (const [name, value] of Object.entries(attributes)) if (value !== '') node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/** Makes `place` hold these children, and changes only what differs: focus and a selection stay where they are. */
export function show(place, ...children) {
  const wanted = document.createElement('div');
  wanted.append(...children);
  match(place, wanted);
}

function match(place, wanted) {
  const children = [...wanted.childNodes];
  for (const [index, child] of children.entries()) {
    const there = place.childNodes[index];
    if (!there) place.append(child);
    else if (!isAlike(there, child)) there.replaceWith(child);
    else if (child.nodeType === Node.TEXT_NODE) setText(there, child.data);
    else {
      setAttributes(there, child);
      match(there, child);
    }
  }
  while (place.childNodes.length > children.length) place.lastChild.remove();
}

const isAlike = (one, other) => one.nodeName === other.nodeName && one.dataset?.key === other.dataset?.key;

function setText(node, text) {
  if (node.data !== text) node.data = text;
}

function setAttributes(node, wanted) {
  for (const { name } of [...node.attributes]) if (!wanted.hasAttribute(name)) node.removeAttribute(name);
  for (const { name, value } of wanted.attributes)
    if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}
