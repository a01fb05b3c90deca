// What the parts of the screen are made of.
import { element } from './draw.js';
import { shortened } from './words.js';

export const byId = id => document.getElementById(id);

export const th = (text, kind = '') => element('th', { scope: 'col', class: kind }, text);
export const rowHead = (...children) => element('th', { scope: 'row' }, ...children);
export const cell = (label, kind, ...children) => element('td', { 'data-label': label, class: kind }, ...children);
export const quiet = (...children) => element('p', { class: 'quiet-text' }, ...children);
export const unknown = why => quiet('unknown', why ? `: ${why}` : '');

export function table(caption, heads, rows) {
  return element(
    'table',
    {},
    element('caption', {}, caption),
    element('thead', {}, element('tr', {}, ...heads)),
    element('tbody', {}, ...rows),
  );
}

/** Without a task documents are in the provider's own shape. */
export const taskName = task => (task === null ? 'as it is' : shortened(task, 40));
