// The screen. It asks for nothing but /api/events and /api/documents, and writes text only, never markup: names of
// documents and words of providers are shown as they are.
import { element, show, vector } from './draw.js';
import { formatAge, formatCount, formatTime, plural, shortened } from './words.js';

const byId = id => document.getElementById(id);
const lostAfterMs = 5_000;

/** The newest overview, and when it came (on the clock that never jumps). */
let latest = null;
let latestOn = 0;
let isPaused = false;
let noticedOn = 0;
let events = null;

const th = (text, kind = '') => element('th', { scope: 'col', class: kind }, text);
const rowHead = (...children) => element('th', { scope: 'row' }, ...children);
const cell = (label, kind, ...children) => element('td', { 'data-label': label, class: kind }, ...children);
const quiet = (...children) => element('p', { class: 'quiet-text' }, ...children);
const unknown = why => quiet('unknown', why ? `: ${why}` : '');

function table(caption, heads, rows) {
  return element(
    'table',
    {},
    element('caption', {}, caption),
    element('thead', {}, element('tr', {}, ...heads)),
    element('tbody', {}, ...rows),
  );
}

function drawFlow({ documents, batches, intake }) {
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

function drawLanes({ lanes }) {
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

const taskName = task => (task === null ? 'as it is' : shortened(task, 40));

function drawMoney({ money, source }) {
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

function drawBatches({ batches }) {
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

function drawDead({ deadLetters }) {
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

function drawWorkers({ workers, intake }) {
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

function draw(overview) {
  byId('simulated').hidden = !overview.source.simulated;
  const fleet = overview.source.fleet === null ? '' : `, fleet ${overview.source.fleet}`;
  byId('source').textContent = `${overview.source.name}${fleet}`;
  for (const part of [drawFlow, drawLanes, drawMoney, drawBatches, drawDead, drawWorkers]) part(overview);
  const board =
    'path' in overview.board
      ? [element('a', { href: overview.board.path }, 'job queues (bull-board)')]
      : [`no queue board: ${overview.board.why}`];
  show(
    byId('foot'),
    element('p', {}, ...board, ' · ', element('a', { href: '/api/overview' }, 'these figures as JSON')),
  );
}

/** How old what stands there is, every second, whether or not anything comes. */
function drawFreshness() {
  const silentMs = performance.now() - latestOn;
  const state = isPaused ? 'paused' : !latest ? 'connecting' : silentMs > lostAfterMs ? 'lost' : latest.state;
  if (!latest) {
    setState(state, '');
    return;
  }
  const ageMs = latest.asOf === null ? null : latest.now - latest.asOf + silentMs;
  const time = latest.asOf === null ? '' : formatTime(latest.asOf);
  byId('fresh').textContent =
    latest.asOf === null
      ? `reading the log${latest.behind === null ? '' : `, ${formatCount(latest.behind)} records to go`}`
      : ageMs < 2_500
        ? `live, as of ${time}`
        : `as of ${time}, ${formatAge(ageMs)} ago`;
  const notices = {
    lost: `The console does not answer. These figures are of ${time || 'before'}.`,
    stale: `The log was last read to its end ${ageMs === null ? '' : `${formatAge(ageMs)} ago`}. These figures are of ${time}.`,
    building: 'The log is being read from an earlier point: figures are lower than they will be.',
    paused: `Paused. These figures are of ${time || 'before'}.`,
  };
  const newer = latest.newerThanThis ? ` The log holds what this version cannot read: ${latest.newerThanThis}.` : '';
  const trouble = latest.trouble ? ` ${latest.trouble}` : '';
  setState(state, `${notices[state] ?? ''}${trouble}${newer}`.trim());
}

/** Said when the state changes, and every ten seconds while it lasts: nothing is read aloud every second. */
function setState(state, text) {
  const notice = byId('notice');
  const isNew = document.body.dataset.state !== state || notice.hidden !== (text === '');
  if (isNew || performance.now() - noticedOn > 10_000) {
    notice.textContent = text;
    noticedOn = performance.now();
  }
  notice.hidden = text === '';
  document.body.dataset.state = state;
}

function listen() {
  events = new EventSource('/api/events');
  events.addEventListener('overview', event => {
    latest = JSON.parse(event.data);
    latestOn = performance.now();
    draw(latest);
    drawFreshness();
  });
}

function hush() {
  events?.close();
  events = null;
}

async function find(name) {
  byId('name').value = name;
  history.replaceState(null, '', name === '' ? '/' : `/?document=${encodeURIComponent(name)}`);
  if (name === '') return show(byId('found'));
  try {
    const reply = await fetch(`/api/documents?name=${encodeURIComponent(name)}`);
    const body = await reply.json();
    if (!reply.ok) return show(byId('found'), element('p', { class: 'bad' }, body.error));
    const none = quiet('No document of that name among those that are kept here; older ones are only counted.');
    show(byId('found'), ...(body.documents.length === 0 ? [none] : body.documents.map(drawDocument)));
  } catch {
    show(byId('found'), element('p', { class: 'bad' }, 'The console does not answer.'));
  }
}

function drawDocument({ rid, customId, run, now, steps }) {
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

document.addEventListener('click', async event => {
  const copy = event.target.closest('[data-copy]');
  const link = event.target.closest('[data-find]');
  if (link) {
    event.preventDefault();
    await find(link.dataset.find);
    byId('find-title').scrollIntoView({ block: 'nearest' });
  }
  if (!copy) return;
  const isCopied = await navigator.clipboard?.writeText(copy.dataset.copy).then(
    () => true,
    () => false,
  );
  copy.textContent = isCopied ? 'Copied' : 'Select it';
  setTimeout(() => {
    copy.textContent = 'Copy';
  }, 1_500);
});

byId('find').addEventListener('submit', event => {
  event.preventDefault();
  void find(byId('name').value.trim());
});

byId('pause').addEventListener('click', () => {
  isPaused = !isPaused;
  byId('pause').setAttribute('aria-pressed', String(isPaused));
  byId('pause').textContent = isPaused ? 'Go on' : 'Pause';
  if (isPaused) hush();
  else listen();
  drawFreshness();
});

// A hidden page asks for nothing.
document.addEventListener('visibilitychange', () => {
  if (isPaused) return;
  hush();
  if (!document.hidden) listen();
});

setInterval(drawFreshness, 1_000);
listen();
void find(new URLSearchParams(location.search).get('document') ?? '');
