// What became of one document.
import { element } from './draw.js';
import { quiet } from './parts.js';
import { formatTime } from './words.js';

export function drawDocument({ rid, customId, run, now, steps }) {
  return element(
    'div',
    { class: 'found', 'data-key': rid },
    element('h3', { class: 'wrap' }, customId ?? rid),
    quiet(`${rid}${run === null ? '' : `, run ${run}`}: `, element('strong', {}, now)),
    element(
      'ol',
      {},
      ...steps.map(({ at, text }) =>
        element(
          'li',
          {},
          at === null
            ? element('time', {}, 'unknown')
            : element(
                'time',
                { datetime: new Date(at).toISOString(), title: new Date(at).toISOString() },
                formatTime(at, true),
              ),
          element('span', { class: 'wrap' }, text),
        ),
      ),
    ),
  );
}
