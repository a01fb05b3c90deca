// What was billed and saved, caps, and days that are not as usual.
import { element, show } from './draw.js';
import { byId, quiet, unknown } from './parts.js';
import { plural } from './words.js';

export function drawMoney({ money, source }) {
  if (!money) return show(byId('money'), unknown());
  const term = (name, value, kind = '') => [element('dt', {}, name), element('dd', { class: kind }, value)];
  const percent = money.savedPercent === null ? '' : `, ${money.savedPercent} %`;
  show(
    byId('money'),
    element(
      'dl',
      {},
      ...term(source.simulated ? 'billed, simulated' : 'billed', money.billed.text),
      ...term('the same answers one by one', money.individual.text),
      ...term(`saved${percent}`, money.saved.text, 'saved'),
    ),
    ...(money.unpricedBatches > 0
      ? [
          element(
            'p',
            { class: 'warn' },
            `price unknown for ${plural(money.unpricedBatches, 'batch', 'batches')}: in no sum`,
          ),
        ]
      : []),
    ...money.parked.map(({ documents, why }) =>
      element('p', { class: 'warn' }, `${plural(documents, 'document', 'documents')} parked: ${why}`),
    ),
    ...money.caps.map(({ text, isNearlyFull }) =>
      element('p', { class: isNearlyFull ? 'warn' : '' }, `cap of ${text}`),
    ),
    ...money.anomalies.map(({ day, billed, usual }) =>
      element(
        'p',
        { class: 'warn' },
        `${day} is not as usual: ${billed.text}, else ${usual.text} (flotilla cost says why)`,
      ),
    ),
    quiet('saved = what the delivered answers had cost one by one, minus everything that was billed'),
  );
}
