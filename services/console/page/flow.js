// How many documents are where, from intake to answer.
import { element, show } from './draw.js';
import { byId } from './parts.js';
import { formatAge, formatCount, plural } from './words.js';

export function drawFlow({ documents, batches, intake }) {
  const inStates = names => (batches?.states ?? []).filter(({ state }) => names.includes(state));
  const sum = (states, field) => states.reduce((total, state) => total + state[field], 0);
  const waiting = inStates(['sealed', 'intent', 'aborted', 'unsent', 'closed']);
  const away = inStates(['created', 'released']);
  const stage = (count, label, more = '', kind = '') =>
    element(
      'li',
      {},
      element('b', { class: kind }, count === null ? 'unknown' : formatCount(count)),
      element('span', {}, label),
      element('small', {}, more),
    );
  const atProvider = [
    countBatches(sum(away, 'batches')),
    `oldest ${formatAge(Math.max(...away.map(({ oldestMs }) => oldestMs)))}`,
  ].join(', ');
  const letters = documents && documents.dead > 0 ? 'warn' : '';
  show(
    byId('flow'),
    element(
      'ol',
      { class: 'flow' },
      stage(intake?.unsealed ?? null, 'not sealed yet', 'in lanes, or not read'),
      stage(batches ? sum(waiting, 'documents') : null, 'sealed', batches ? countBatches(sum(waiting, 'batches')) : ''),
      stage(batches ? sum(away, 'documents') : null, 'at the provider', away.length === 0 ? '' : atProvider),
      stage(documents?.succeeded ?? null, 'answered'),
    ),
    element(
      'ul',
      { class: 'flow' },
      stage(documents?.retriesWaiting ?? null, 'wait for a retry'),
      stage(documents?.dead ?? null, 'dead letters', '', letters),
    ),
  );
}

const countBatches = count => plural(count, 'batch', 'batches');
