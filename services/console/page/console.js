// The screen. It asks for nothing but /api/events and /api/documents, and writes text only, never markup: names of
// documents and words of providers are shown as they are.
import { drawBatches } from './batches.js';
import { drawDead } from './dead-letters.js';
import { drawDocument } from './document.js';
import { element, show } from './draw.js';
import { drawFlow } from './flow.js';
import { drawLanes } from './lanes.js';
import { drawMoney } from './money.js';
import { byId, quiet } from './parts.js';
import { formatAge, formatCount, formatTime } from './words.js';
import { drawWorkers } from './workers.js';

const lostAfterMs = 5_000;

/** The newest overview, and when it came (on the clock that never jumps). */
let latest = null;
let latestOn = 0;
let isPaused = false;
let noticedOn = 0;
let events = null;

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
