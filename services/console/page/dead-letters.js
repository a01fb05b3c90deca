// Dead letters by cause, each with its newest and what to do.
import { element, show } from './draw.js';
import { byId, cell, rowHead, table, th, unknown } from './parts.js';
import { formatAge, formatCount, plural, shortened } from './words.js';

export function drawDead({ deadLetters }) {
  if (!deadLetters) return show(byId('dead'), unknown());
  if (deadLetters.total === 0) return show(byId('dead'), element('p', { class: 'good' }, '✓ none'));
  show(
    byId('dead'),
    table(
      `${plural(deadLetters.total, 'document', 'documents')}, by cause`,
      [th('Cause'), th('Count', 'number'), th('Last', 'number'), th('The newest of them'), th('What to do')],
      deadLetters.causes.map(({ cause, class: kind, what, count, agoMs, sample, fix, replay }) =>
        element(
          'tr',
          { 'data-key': cause },
          rowHead(cause, ' ', element('small', {}, what === cause ? kind : `${what}, ${kind}`)),
          cell('Count', 'number', formatCount(count)),
          cell('Last', 'number', `${formatAge(agoMs)} ago`),
          cell(
            'The newest of them',
            'wrap',
            element(
              'span',
              {},
              element(
                'a',
                { href: `?document=${encodeURIComponent(sample.rid)}`, 'data-find': sample.rid },
                shortened(sample.customId ?? sample.rid, 40),
              ),
              element('br'),
              element('small', { class: 'why' }, sample.why),
            ),
          ),
          cell('What to do', 'wrap', element('span', {}, fix, ...(replay ? [copyable(replay)] : []))),
        ),
      ),
    ),
  );
}

const copyable = command =>
  element(
    'span',
    { class: 'copy' },
    element('code', {}, command),
    element('button', { type: 'button', 'data-copy': command, 'aria-label': `Copy ${command}` }, 'Copy'),
  );
