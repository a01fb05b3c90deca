// Batches by state, the slowest that are open, and those that were settled last.
import { element, show } from './draw.js';
import { byId, cell, quiet, rowHead, table, taskName, th, unknown } from './parts.js';
import { formatAge, formatCount, plural } from './words.js';

export function drawBatches({ batches }) {
  if (!batches) return show(byId('batches'), unknown());
  const typical = batches.typicalMs === null ? '' : ` Typical from seal to settle: ${formatAge(batches.typicalMs)}.`;
  const states = table(
    `${plural(batches.open, 'batch is', 'batches are')} open, ${plural(batches.settled, 'is', 'are')} settled.${typical}`,
    [th('State'), th('Batches', 'number'), th('Documents', 'number'), th('Oldest', 'number')],
    batches.states.map(({ state, means, batches: count, documents, oldestMs }) =>
      element(
        'tr',
        { 'data-key': state },
        rowHead(`${state} `, element('small', {}, means)),
        cell('Batches', 'number', formatCount(count)),
        cell('Documents', 'number', formatCount(documents)),
        cell('Oldest', 'number', formatAge(oldestMs)),
      ),
    ),
  );
  const slowest = table(
    'Open, slowest first',
    [
      th('Batch'),
      th('Task'),
      th('State'),
      th('Documents', 'number'),
      th('Age', 'number'),
      th('In this state', 'number'),
      th('At the provider'),
    ],
    batches.slowest.map(batch =>
      element(
        'tr',
        { 'data-key': batch.bk },
        rowHead(element('span', { class: 'mono' }, batch.bk)),
        cell('Task', '', batch.kind === 'batch' ? taskName(batch.task) : batch.kind),
        cell('State', '', batch.state, batch.sub > 1 ? `, submission ${batch.sub}` : ''),
        cell('Documents', 'number', formatCount(batch.documents)),
        cell('Age', 'number', formatAge(batch.ageMs)),
        cell('In this state', 'number', formatAge(batch.inStateMs)),
        cell("Provider's id", 'mono wrap', batch.pid ?? '–'),
      ),
    ),
  );
  const newest = table(
    'Settled last',
    [th('Batch'), th('Result'), th('Cost', 'number'), th('Took', 'number'), th('Settled', 'number')],
    batches.newest.map(batch =>
      element(
        'tr',
        { 'data-key': batch.bk },
        rowHead(element('span', { class: 'mono' }, batch.bk)),
        cell('Result', batch.done < batch.documents ? 'warn' : 'good', resultOf(batch)),
        cell('Cost', 'number', batch.cost.text),
        cell('Took', 'number', formatAge(batch.tookMs)),
        cell('Settled', 'number', `${formatAge(batch.agoMs)} ago`),
      ),
    ),
  );
  const parts = batches.open > 0 ? [states, slowest] : [quiet(noneOpen(batches, typical))];
  show(byId('batches'), ...parts, ...(batches.newest.length > 0 ? [newest] : []));
}

const noneOpen = ({ settled }, typical) =>
  settled === 0
    ? 'Nothing was sent yet. Next: flotilla run FILE, or publish a document.'
    : `No batch is open, ${plural(settled, 'is', 'are')} settled.${typical}`;

/** Never all green when some failed. */
function resultOf({ documents, done, dead, retry }) {
  const rest = [
    dead > 0 ? `${formatCount(dead)} dead` : '',
    retry > 0 ? `${formatCount(retry)} to be tried again` : '',
  ].filter(Boolean);
  const head =
    done === documents ? `✓ ${formatCount(done)} ok` : `${formatCount(done)} of ${formatCount(documents)} ok`;
  return [head, ...rest].join(', ');
}
