// Who works, on what, how far behind.
import { element, show } from './draw.js';
import { byId, cell, quiet, rowHead, table, th, unknown } from './parts.js';
import { formatAge, formatCount, plural } from './words.js';

export function drawWorkers({ workers, intake }) {
  const engine =
    workers.engineRunning === null
      ? []
      : [
          element(
            'p',
            { class: workers.engineRunning ? 'good' : 'warn' },
            workers.engineRunning
              ? '✓ the engine of this machine is running'
              : '‖ no engine is running: the next flotilla run or dev goes on',
          ),
        ];
  const lag = intake
    ? quiet(
        `${plural(intake.unsealed, 'record', 'records')} of documents not sealed${intake.partitions.length > 1 ? `, most in partition ${intake.partitions[0].partition} (${formatCount(intake.partitions[0].unsealed)})` : ''}`,
      )
    : quiet('lag unknown: the log cannot be asked');
  if (!workers.isKnown) return show(byId('workers'), ...engine, unknown(workers.why), lag);
  const rows = workers.shown.map(worker =>
    element(
      'tr',
      { 'data-key': worker.worker },
      rowHead(worker.worker, ' ', element('small', {}, `on ${worker.host}, up ${formatAge(worker.upMs)}`)),
      cell('Roles', '', worker.roles.join(', ')),
      cell('State', worker.troubles.length > 0 ? 'bad' : worker.isDraining ? 'warn' : '', workerState(worker)),
      cell(
        'Journal lag',
        'number',
        worker.journalLag === null
          ? 'unknown'
          : worker.journalLag === 0
            ? '0'
            : `at most ${formatCount(worker.journalLag)}`,
      ),
      cell('Heard', 'number', `${formatAge(worker.seenMs)} ago`),
    ),
  );
  const none =
    engine.length > 0 ? [] : [element('p', { class: 'warn' }, 'no worker has said anything in the last seconds')];
  show(
    byId('workers'),
    ...engine,
    ...(rows.length === 0
      ? none
      : [
          table(
            plural(rows.length, 'worker', 'workers'),
            [th('Worker'), th('Roles'), th('State'), th('Journal lag', 'number'), th('Heard', 'number')],
            rows,
          ),
        ]),
    ...(workers.unreadable > 0
      ? [quiet(`${plural(workers.unreadable, 'worker speaks', 'workers speak')} another version`)]
      : []),
    lag,
  );
}

function workerState({ troubles, isDraining, parked }) {
  if (troubles.length > 0) return `✗ ${troubles.map(({ loop, code }) => `${loop}: ${code}`).join(', ')}`;
  if (isDraining) return '‖ draining';
  return parked > 0 ? `working, ${plural(parked, 'batch', 'batches')} parked` : 'working';
}
