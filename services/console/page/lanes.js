// Lanes that fill: count and age, each against its bound.
import { element, show, vector } from './draw.js';
import { byId, quiet, taskName, unknown } from './parts.js';
import { formatAge, formatCount, plural } from './words.js';

export function drawLanes({ lanes }) {
  if (!lanes.isKnown) return show(byId('lanes'), unknown(lanes.why));
  const heard = quiet(`as accumulators said ${formatAge(lanes.heardMs)} ago`);
  if (lanes.count === 0) return show(byId('lanes'), quiet('none'), heard);
  const shown = lanes.shown.map(lane => {
    const closes =
      lane.items >= lane.itemsMax || lane.ageMs >= lane.ageMsMax
        ? 'closes now'
        : `closes in ${formatAge(Math.max(0, lane.ageMsMax - lane.ageMs))} at the latest`;
    return element(
      'div',
      { class: 'lane', 'data-key': `${lane.worker} ${lane.key}` },
      element(
        'h3',
        {},
        element('span', { class: 'name', title: lane.key }, laneName(lane)),
        element('span', { class: 'quiet-text' }, closes),
      ),
      gauge('count', lane.items, lane.itemsMax, `${formatCount(lane.items)} of ${formatCount(lane.itemsMax)}`),
      gauge(
        'age',
        lane.ageMs / 1_000,
        lane.ageMsMax / 1_000,
        `${Math.floor(lane.ageMs / 1_000)} of ${Math.round(lane.ageMsMax / 1_000)} s`,
      ),
    );
  });
  const hidden = lanes.count - lanes.shown.length;
  show(byId('lanes'), ...shown, ...(hidden > 0 ? [quiet(`and ${plural(hidden, 'lane', 'lanes')} more`)] : []), heard);
}

/** Account and task; without a task documents are in the provider's own shape. */
const laneName = ({ account, task }) =>
  account === null ? (task ?? 'one document alone') : `${account} · ${taskName(task)}`;

function gauge(label, value, max, text) {
  const share = Math.max(0, Math.min(100, (100 * value) / max));
  return element(
    'div',
    {
      class: 'gauge',
      role: 'meter',
      'aria-label': label,
      'aria-valuemin': 0,
      'aria-valuemax': max,
      'aria-valuenow': Math.min(value, max),
      'aria-valuetext': text,
    },
    element('span', {}, label),
    vector(
      'svg',
      { viewBox: '0 0 100 8', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
      vector('rect', { width: share.toFixed(1), height: 8 }),
    ),
    element('span', {}, text),
  );
}
