import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { BatchProvider, CreateOutcome, CreateRequest, RefusalReason, ResultLine } from '#ports/batch-provider.ts';

/** What happens to the next create. The first three make the batch and lose the reply. */
export type CreateFault =
  | 'accept-then-drop'
  | 'accept-then-502'
  | 'hang'
  | 'refuse-too-large'
  | 'refuse-account'
  | 'refuse-rate-limit'
  | 'refuse-overloaded'
  | 'refuse-invalid';

/** What happens to the next reading of results. */
export type ResultFault = 'drop-line' | 'malformed-line' | 'cut-mid-line' | 'reset';

export type ReadFault = 'auth' | 'unavailable';

export type ItemEnding =
  | 'succeeded'
  | 'succeeded-refused'
  | 'succeeded-truncated'
  | 'errored-document'
  | 'errored-transient'
  | 'errored-account'
  | 'expired'
  | 'canceled';

/** How the suite moves the look-alike behind the provider under test. */
export interface BatchProviderControls {
  /** Creates that reached the look-alike, refused ones included. */
  createCount(): number;
  /** Resolves when the next create has reached it. */
  createArrival(): Promise<unknown>;
  /** The bytes of the item's parameters, as they came. */
  receivedBody(pid: string, customId: string): string;
  failNextCreate(fault: CreateFault): void;
  /** Messages outside batches that reached it. */
  primeCount(): number;
  /** The bytes of the last one. */
  primeBody(): string;
  failNextPrime(fault: Exclude<CreateFault, 'refuse-too-large'>): void;
  /** Fails reads until told `null`. */
  failReads(fault: ReadFault | null): void;
  /** Ends the batch; answers say `answer of <customId>`. */
  endBatch(pid: string, endings: Readonly<Record<string, ItemEnding>>): void;
  breakNextResults(fault: ResultFault): void;
  /** The look-alike no longer knows the batch. */
  forgetBatch(pid: string): void;
}

export interface BatchProviderHarness {
  provider: BatchProvider;
  controls: BatchProviderControls;
  stop(): Promise<void>;
}

const body = (text: string) => `{"model":"m",  "max_tokens":16,"messages":[{"role":"user","content":"${text}"}]}`;

const request = (...customIds: string[]): CreateRequest => ({
  label: { fleet: 'fleet1', bk: 'abcdefghijkl', sub: 1 },
  isInTime: () => true,
  items: customIds.map(customId => ({ customId, body: body(customId) })),
});

/** The contract of `shared/ports/batch-provider.ts`: every provider's adapter runs it against a look-alike. */
export function describeBatchProvider(name: string, make: () => Promise<BatchProviderHarness>): void {
  describe(`batch provider: ${name}`, () => {
    let harness: BatchProviderHarness | null = null;
    const setup = async () => {
      harness = await make();
      return harness;
    };
    afterEach(async () => {
      await harness?.stop();
      harness = null;
    });
    describeCreate(setup);
    describePrime(setup);
    describeList(setup);
    describeResults(setup);
    describeReadFaults(setup);
  });
}

type Setup = () => Promise<BatchProviderHarness>;

function describeCreate(setup: Setup): void {
  describe('create', () => {
    it('sends the bytes of every item as they are', async () => {
      const { provider, controls } = await setup();
      const odd = `{ "model":"m","n":1.0e2, "messages":[{"role":"user","content":"\\u00e9 é 😀 \\"x\\" </y>"}],"model":"m"}`;
      const items = [{ customId: 'a', body: odd }, ...request('b').items];
      const pid = pidOf(await provider.create({ ...request(), items }, neverAborted()));
      assert.equal(controls.receivedBody(pid, 'a'), odd);
      assert.equal(controls.receivedBody(pid, 'b'), body('b'));
    });

    it('answers with the id, the owner and the provider’s clock', async () => {
      const { provider } = await setup();
      const outcome = await provider.create(request('a'), neverAborted());
      assert.equal(outcome.status, 'created');
      assert.ok(outcome.status === 'created' && outcome.pid.length > 0 && outcome.facts.owner.length > 0);
      assert.ok(outcome.facts.serverDate === null || outcome.facts.serverDate > 0);
    });

    for (const fault of ['accept-then-drop', 'accept-then-502'] as const) {
      it(`A1 E1: ${fault} is ambiguous after exactly one create`, async () => {
        const { provider, controls } = await setup();
        controls.failNextCreate(fault);
        assert.equal((await provider.create(request('a'), neverAborted())).status, 'ambiguous');
        assert.equal(controls.createCount(), 1);
      });
    }

    it('A1: a create that hangs ends with the caller’s signal, ambiguous, after exactly one create', async () => {
      const { provider, controls } = await setup();
      controls.failNextCreate('hang');
      const giveUp = new AbortController();
      const arrival = controls.createArrival();
      const outcome = provider.create(request('a'), giveUp.signal);
      await arrival;
      giveUp.abort();
      assert.equal((await outcome).status, 'ambiguous');
      assert.equal(controls.createCount(), 1);
    });

    it('sends nothing when the signal is aborted before', async () => {
      const { provider, controls } = await setup();
      const outcome = await provider.create(request('a'), AbortSignal.abort());
      assert.notEqual(outcome.status, 'created');
      assert.equal(controls.createCount(), 0);
    });

    const refusals: readonly [CreateFault, RefusalReason][] = [
      ['refuse-too-large', 'too-large'],
      ['refuse-account', 'account'],
      ['refuse-rate-limit', 'rate-limited'],
      ['refuse-overloaded', 'overloaded'],
      ['refuse-invalid', 'invalid'],
    ];
    for (const [fault, reason] of refusals) {
      it(`N6: ${fault} is a definite refusal after exactly one create`, async () => {
        const { provider, controls } = await setup();
        controls.failNextCreate(fault);
        const outcome = await provider.create(request('a'), neverAborted());
        assert.ok(outcome.status === 'refused', JSON.stringify(outcome));
        assert.equal(outcome.reason, reason);
        assert.equal(controls.createCount(), 1);
      });
    }

    it('C11: makes nothing when it is too late by the time it could be sent', async () => {
      const { provider } = await setup();
      const outcome = await provider.create({ ...request('a'), isInTime: () => false }, neverAborted());
      assert.ok(outcome.status === 'refused' && outcome.reason === 'too-late', JSON.stringify(outcome));
      assert.deepEqual((await provider.list({ limit: 10 })).batches, []);
    });

    it('says not-connected when nobody listens', async () => {
      const { provider, stop } = await setup();
      await stop();
      const outcome = await provider.create(request('a'), neverAborted());
      assert.ok(outcome.status === 'refused' && outcome.reason === 'not-connected', JSON.stringify(outcome));
    });
  });
}

function describePrime(setup: Setup): void {
  const odd = `{ "model":"m","max_tokens":0, "messages":[{"role":"user","content":"\\u00e9 é"}],"model":"m"}`;
  const prime = (isInTime = true) => ({ id: 'p', body: odd, isInTime: () => isInTime });

  describe('prime', () => {
    it('sends the bytes as they are, once, and answers with what was used', async () => {
      const { provider, controls } = await setup();
      const outcome = await provider.prime(prime(), neverAborted());
      assert.ok(outcome.status === 'primed', JSON.stringify(outcome));
      assert.ok(outcome.model.length > 0 && outcome.facts.owner.length > 0);
      assert.ok(Object.values(outcome.usage).every(Number.isInteger) && outcome.usage.cacheWrite5m > 0);
      assert.deepEqual([controls.primeCount(), controls.primeBody()], [1, odd]);
      assert.equal(controls.createCount(), 0);
    });

    for (const fault of ['accept-then-drop', 'accept-then-502'] as const) {
      it(`A1 E1: ${fault} is ambiguous after exactly one call`, async () => {
        const { provider, controls } = await setup();
        controls.failNextPrime(fault);
        assert.equal((await provider.prime(prime(), neverAborted())).status, 'ambiguous');
        assert.equal(controls.primeCount(), 1);
      });
    }

    const refusals = [
      ['refuse-account', 'account'],
      ['refuse-rate-limit', 'rate-limited'],
      ['refuse-overloaded', 'overloaded'],
      ['refuse-invalid', 'invalid'],
    ] as const;
    for (const [fault, reason] of refusals) {
      it(`N6: ${fault} is a definite refusal after exactly one call`, async () => {
        const { provider, controls } = await setup();
        controls.failNextPrime(fault);
        const outcome = await provider.prime(prime(), neverAborted());
        assert.ok(outcome.status === 'refused' && outcome.reason === reason, JSON.stringify(outcome));
        assert.equal(controls.primeCount(), 1);
      });
    }

    it('C11: sends nothing when it is too late by the time it could be sent', async () => {
      const { provider } = await setup();
      const outcome = await provider.prime(prime(false), neverAborted());
      assert.ok(outcome.status === 'refused' && outcome.reason === 'too-late', JSON.stringify(outcome));
    });

    it('sends nothing when the signal is aborted before, or when nobody listens', async () => {
      const { provider, controls, stop } = await setup();
      assert.notEqual((await provider.prime(prime(), AbortSignal.abort())).status, 'primed');
      assert.equal(controls.primeCount(), 0);
      await stop();
      const outcome = await provider.prime(prime(), neverAborted());
      assert.ok(outcome.status === 'refused' && outcome.reason === 'not-connected', JSON.stringify(outcome));
    });
  });
}

function describeList(setup: Setup): void {
  describe('list', () => {
    it('is empty, with the owner, for an account without batches', async () => {
      const { provider } = await setup();
      const page = await provider.list({ limit: 10 });
      assert.deepEqual(page.batches, []);
      assert.equal(page.nextCursor, null);
      assert.ok(page.facts.owner.length > 0);
    });

    it('goes through all pages, newest first, every batch once', async () => {
      const { provider } = await setup();
      const pids: string[] = [];
      for (const customId of ['a', 'b', 'c', 'd', 'e']) {
        pids.unshift(pidOf(await provider.create(request(customId, 'z'), neverAborted())));
      }
      const seen = await listAll(provider, 2);
      assert.deepEqual(
        seen.map(batch => batch.pid),
        pids,
      );
      assert.ok(seen.every(batch => batch.createdAt > 0 && !batch.hasEnded && batch.endedAt === null));
      if (!provider.hasLabels) assert.ok(seen.every(batch => batch.itemCount === 2 && batch.label === null));
    });

    it('shows our label from the start where there are labels', async () => {
      const { provider } = await setup();
      await provider.create(request('a'), neverAborted());
      const [batch] = (await provider.list({ limit: 10 })).batches;
      assert.deepEqual(batch?.label, provider.hasLabels ? request('a').label : null);
    });

    it('says which batches have ended', async () => {
      const { provider, controls } = await setup();
      const ended = pidOf(await provider.create(request('a'), neverAborted()));
      const running = pidOf(await provider.create(request('b'), neverAborted()));
      controls.endBatch(ended, { a: 'succeeded' });
      const batches = await listAll(provider, 10);
      assert.deepEqual(
        batches.map(({ pid, hasEnded }) => ({ pid, hasEnded })),
        [
          { pid: running, hasEnded: false },
          { pid: ended, hasEnded: true },
        ],
      );
      assert.ok((batches[1]?.endedAt ?? 0) > 0);
    });
  });
}

function describeResults(setup: Setup): void {
  describe('results', () => {
    it('N1 N4: running until the batch has ended', async () => {
      const { provider } = await setup();
      const pid = pidOf(await provider.create(request('a'), neverAborted()));
      assert.equal((await provider.results(pid)).status, 'running');
    });

    it('not-found for a batch the provider does not know', async () => {
      const { provider, controls } = await setup();
      const pid = pidOf(await provider.create(request('a'), neverAborted()));
      controls.forgetBatch(pid);
      assert.equal((await provider.results(pid)).status, 'not-found');
    });

    it('has one line for each item, each with its own ending', async () => {
      const { provider, controls } = await setup();
      const endings = {
        a: 'succeeded',
        b: 'succeeded-refused',
        c: 'succeeded-truncated',
        d: 'errored-document',
        e: 'errored-transient',
        f: 'errored-account',
        g: 'expired',
        h: 'canceled',
      } as const;
      const pid = pidOf(await provider.create(request(...Object.keys(endings)), neverAborted()));
      controls.endBatch(pid, endings);
      const { lines, lineCount } = await readEnded(provider, pid);
      assert.equal(lineCount, 8);
      assert.deepEqual(lines.map(summarize).sort(), [
        'a succeeded complete',
        'b succeeded refused',
        'c succeeded truncated',
        'd errored document',
        'e errored transient',
        'f errored account',
        'g expired',
        'h canceled',
      ]);
    });

    it('O10: keeps text, model, usage and the whole message of an answer', async () => {
      const { provider, controls } = await setup();
      const pid = pidOf(await provider.create(request('a'), neverAborted()));
      controls.endBatch(pid, { a: 'succeeded' });
      const [line] = (await readEnded(provider, pid)).lines;
      assert.ok(line?.type === 'succeeded');
      assert.equal(line.answer.text, 'answer of a');
      assert.ok(line.answer.model.length > 0 && typeof line.answer.body === 'object');
      assert.ok(Object.values(line.answer.usage).every(Number.isInteger));
      assert.ok(line.answer.usage.input > 0 && line.answer.usage.output > 0);
    });

    it('can be read again, as often as one likes', async () => {
      const { provider, controls } = await setup();
      const pid = pidOf(await provider.create(request('a', 'b'), neverAborted()));
      controls.endBatch(pid, { a: 'succeeded', b: 'expired' });
      assert.deepEqual(await readEnded(provider, pid), await readEnded(provider, pid));
    });

    it('N2 E2: a stream that ends early and cleanly has fewer lines than it should, and says how many', async () => {
      const { provider, controls } = await setup();
      const pid = pidOf(await provider.create(request('a', 'b', 'c'), neverAborted()));
      controls.endBatch(pid, { a: 'succeeded', b: 'succeeded', c: 'succeeded' });
      controls.breakNextResults('drop-line');
      const { lines, lineCount } = await readEnded(provider, pid);
      assert.equal(lineCount, 3);
      assert.equal(lines.length, 2);
    });

    it('E3: a malformed line is unreadable and costs no other line', async () => {
      const { provider, controls } = await setup();
      const pid = pidOf(await provider.create(request('a', 'b', 'c'), neverAborted()));
      controls.endBatch(pid, { a: 'succeeded', b: 'succeeded', c: 'succeeded' });
      controls.breakNextResults('malformed-line');
      const { lines } = await readEnded(provider, pid);
      assert.equal(lines.filter(line => line.type === 'unreadable').length, 1);
      assert.equal(lines.filter(line => line.type === 'succeeded').length, 2);
    });

    for (const fault of ['cut-mid-line', 'reset'] as const) {
      it(`${fault}: what is read is whole, and the rest never passes for an answer`, async () => {
        const { provider, controls } = await setup();
        const pid = pidOf(await provider.create(request('a', 'b', 'c'), neverAborted()));
        controls.endBatch(pid, { a: 'succeeded', b: 'succeeded', c: 'succeeded' });
        controls.breakNextResults(fault);
        const lines: ResultLine[] = [];
        const failure = await readEnded(provider, pid, lines).then(() => null, asFlotillaError);
        assert.ok(lines.filter(line => line.type === 'succeeded').length < 3);
        assert.ok(lines.every(line => line.type === 'succeeded' || line.type === 'unreadable'));
        if (fault === 'reset') assert.deepEqual([failure?.code, failure?.isRetryable], ['provider-unavailable', true]);
      });
    }

    it('may be left in the middle', async () => {
      const { provider, controls } = await setup();
      const pid = pidOf(await provider.create(request('a', 'b'), neverAborted()));
      controls.endBatch(pid, { a: 'succeeded', b: 'succeeded' });
      const read = await provider.results(pid);
      assert.ok(read.status === 'ended');
      let count = 0;
      for await (const _line of read.lines) {
        count += 1;
        break;
      }
      assert.equal(count, 1);
    });

    it('N5: a cancel is asked for, may be repeated, and is no error after the end', async () => {
      const { provider, controls } = await setup();
      const pid = pidOf(await provider.create(request('a', 'b'), neverAborted()));
      assert.ok((await provider.cancel(pid)).owner.length > 0);
      await provider.cancel(pid);
      controls.endBatch(pid, { a: 'succeeded', b: 'canceled' });
      await provider.cancel(pid);
      const { lines } = await readEnded(provider, pid);
      assert.deepEqual(lines.map(summarize).sort(), ['a succeeded complete', 'b canceled']);
    });
  });
}

function describeReadFaults(setup: Setup): void {
  describe('a read that fails', () => {
    const faults = [
      ['auth', 'provider-auth'],
      ['unavailable', 'provider-unavailable'],
    ] as const;
    for (const [fault, code] of faults) {
      it(`O1: throws ${code}, from every read, and is never a state`, async () => {
        const { provider, controls } = await setup();
        const pid = pidOf(await provider.create(request('a'), neverAborted()));
        controls.failReads(fault);
        const reads = [() => provider.list({ limit: 1 }), () => provider.results(pid), () => provider.cancel(pid)];
        for (const read of reads) {
          const failure = await read().then(() => null, asFlotillaError);
          assert.equal(failure?.code, code);
          assert.equal(failure.isRetryable, fault === 'unavailable');
        }
        controls.failReads(null);
        assert.equal((await provider.results(pid)).status, 'running');
      });
    }
  });
}

function neverAborted(): AbortSignal {
  return new AbortController().signal;
}

function pidOf(outcome: CreateOutcome): string {
  assert.ok(outcome.status === 'created', JSON.stringify(outcome));
  return outcome.pid;
}

function asFlotillaError(error: unknown): FlotillaError {
  assert.ok(error instanceof FlotillaError, String(error));
  return error;
}

async function listAll(provider: BatchProvider, limit: number) {
  const batches = [];
  let cursor: string | null = null;
  do {
    const page = await provider.list(cursor === null ? { limit } : { limit, cursor });
    batches.push(...page.batches);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return batches;
}

async function readEnded(provider: BatchProvider, pid: string, lines: ResultLine[] = []) {
  const read = await provider.results(pid);
  assert.ok(read.status === 'ended', read.status);
  assert.ok(read.endedAt > 0);
  for await (const line of read.lines) lines.push(line);
  return { lines, lineCount: read.lineCount };
}

function summarize(line: ResultLine): string {
  switch (line.type) {
    case 'unreadable':
      return 'unreadable';
    case 'succeeded':
      return `${line.customId} succeeded ${line.answer.finish}`;
    case 'errored':
      return `${line.customId} errored ${line.errorClass}`;
    default:
      return `${line.customId} ${line.type}`;
  }
}
