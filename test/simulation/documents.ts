import { headerNames } from '#core/headers.ts';
import { batchBytesMax, batchTokensMax } from '#core/limits.ts';
import { type Recipe, retryPolicyDefault } from '#core/recipe.ts';
import type { LaneBounds } from '#runtime/routing.ts';
import { type Broker, documentPartitions } from './broker.ts';
import { epoch, type World } from './world.ts';

export type DocumentKind = 'good' | 'bad' | 'reject';

/** A document as the world knows it: what its answer must be. */
export interface SimulatedDocument {
  rid: string;
  kind: DocumentKind;
  /** What the answer of a good one repeats. */
  echo: string;
  key: string | null;
  run: 'A' | 'B' | null;
  tenant: string | null;
  task: string | null;
  /** Others may have its answer, and it theirs. */
  mayReuse: boolean;
  /** What it has before it; another one is another request. */
  example: string | null;
  /** What has little time does not wait for the answer of another. */
  hasDeadline: boolean;
}

/** Of documents, where money is capped by them. */
export const simulatedTenants = ['acme', 'globex'] as const;
export const simulatedTasks = ['echo', 'copy', 'recite', 'mirror', 'repeat'] as const;

export const echoRecipe: Recipe = {
  v: 1,
  task: 'echo',
  provider: 'anthropic',
  model: 'claude-haiku-5-5',
  instructions: 'Repeat what you are asked to.',
  maxTokens: 64,
  outputSchema: {
    type: 'object',
    properties: { echo: { type: 'string' } },
    required: ['echo'],
    additionalProperties: false,
  },
  canary: true,
  retry: retryPolicyDefault,
};

export const lane: LaneBounds = { itemsMax: 5, ageMsMax: 2_000, bytesMax: batchBytesMax, tokensMax: batchTokensMax };

/** So few different questions that most are asked more than once. */
const questions = 9;
export const simulatedAnswers = { ttlMs: 60_000, entriesMax: 10 };

const crowdsMax = 4;

/** Everything that was ever put into the documents topic, by rid. */
export class Documents {
  readonly byRid = new Map<string, SimulatedDocument>();
  readonly #world: World;
  readonly #broker: Broker;
  readonly #areCrowded: boolean;
  #count = 0;

  constructor(world: World, broker: Broker, { areCrowded }: { areCrowded: boolean }) {
    this.#world = world;
    this.#broker = broker;
    this.#areCrowded = areCrowded;
  }

  /** Lets the documents of the run arrive, within a minute. */
  schedule(): void {
    const { time, random, setting } = this.#world;
    // Those that share a prefix come in crowds, as files do.
    const crowds = simulatedTasks.slice(0, crowdsMax).map(task => ({ task, at: random.between(0, 58_000) }));
    for (let index = 0; index < setting.documents; index++) {
      const crowd = this.#areCrowded ? random.pick(crowds) : null;
      const lullMs = index % 2 === 0 ? 0 : setting.lullMs;
      const arrivesAt = lullMs + (crowd ? crowd.at + random.between(0, 1_500) : random.between(0, 60_000));
      const [hasDeadline, hasKey] = [random.chance(0.04), random.chance(0.2)];
      const kind = random.chance(0.05) ? 'reject' : random.chance(0.05) ? 'bad' : 'good';
      const key = hasKey ? `key${random.between(0, 3)}` : null;
      const run = random.chance(0.25) ? 'B' : random.chance(0.3) ? 'A' : null;
      const deadlineAt = hasDeadline ? epoch + arrivesAt + random.between(2_000, 40_000) : null;
      const forWhom = {
        ...(setting.hasCaps || setting.reusesAnswers ? this.#drawWhom() : {}),
        ...(crowd ? { task: crowd.task } : {}),
      };
      const partition = index % documentPartitions;
      time.at(arrivesAt, () => this.add({ partition, kind, key, run, deadlineAt, ...forWhom }));
    }
  }

  #drawWhom(): { tenant: string | null; task: string } {
    const { random } = this.#world;
    return { tenant: random.pick([null, ...simulatedTenants]), task: random.pick(['echo', 'copy']) };
  }

  add(document: {
    partition: number;
    kind: DocumentKind;
    key: string | null;
    run: 'A' | 'B' | null;
    deadlineAt?: number | null;
    replayOf?: string;
    tenant?: string | null;
    task?: string;
  }): void {
    const { partition, kind, key, run, deadlineAt, replayOf, tenant = null, task = 'echo' } = document;
    this.#count += 1;
    const { random, setting } = this.#world;
    const echo = `echo-${setting.reusesAnswers ? random.between(1, questions) : this.#count}`;
    const mayReuse = !setting.reusesAnswers || random.chance(0.9);
    const headers: Record<string, string> = {};
    if (run !== null) headers[headerNames.run] = run;
    if (key !== null) headers[headerNames.idempotencyKey] = key;
    if (deadlineAt) headers[headerNames.deadline] = String(deadlineAt);
    if (replayOf) Object.assign(headers, { [headerNames.replayOf]: replayOf, [headerNames.replayCount]: '1' });
    if (tenant !== null) headers[headerNames.tenant] = tenant;
    const example = this.#areCrowded && this.#world.random.chance(0.4) ? this.#world.random.pick(examples) : null;
    const record = { key: echo, value: Buffer.from(bodyOf(kind, { echo, task, mayReuse, example })), headers };
    void this.#broker.operator.append({ topic: 'documents', partition, records: [record] }).then(({ offsets }) => {
      const rid = `${partition}/${offsets[0]}`;
      this.byRid.set(rid, {
        rid,
        kind,
        echo,
        key,
        run,
        tenant,
        task: kind === 'good' ? task : null,
        mayReuse,
        example,
        hasDeadline: Boolean(deadlineAt),
      });
      this.#world.note('document', rid, kind, run, key ?? '');
    });
  }
}

function bodyOf(
  kind: DocumentKind,
  { echo, task, mayReuse, example }: { echo: string; task: string; mayReuse: boolean; example: string | null },
): string {
  switch (kind) {
    case 'reject':
      return `{"custom_id":"${echo}","task":`;
    case 'bad': // the provider finds out: this version of its API knows no temperature
      return JSON.stringify({ custom_id: echo, params: { ...asIsParams(echo), temperature: 0.5 } });
    case 'good': {
      const content = `Copy the code ${echo} into the field echo.`;
      const own = mayReuse ? {} : { reuse: false };
      if (example === null) return JSON.stringify({ custom_id: echo, task, content, ...own });
      const messages = [
        { role: 'user', content: example },
        { role: 'assistant', content: 'Understood.' },
        { role: 'user', content },
      ];
      return JSON.stringify({ custom_id: echo, task, messages, ...own });
    }
  }
}

/** What some documents of a task have before them, and others not: siblings in one lane. */
const examples = ['first', 'second', 'third'].map(name => `The ${name} example. `.padEnd(2_400, 'It goes on and on. '));

const asIsParams = (text: string): object => ({
  model: echoRecipe.model,
  max_tokens: echoRecipe.maxTokens,
  messages: [{ role: 'user', content: text }],
});
