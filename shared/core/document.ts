import type { ErrorCode } from '../errors/catalogue.ts';
import type { CloudEvent } from './cloud-event.ts';
import type { Rid } from './rid.ts';
import type { TraceContext } from './trace-context.ts';

/** One unit of work, parsed. What it asks for is `ask`; everything else is echoed in its answer. */
export interface Document {
  customId: string;
  ask: Ask;
  /** Echoed as it came. */
  metadata: unknown;
  /** The task that was named, or null: provider-shaped documents run as they are. */
  task: string | null;
  /** False: it wants an answer of its own. Absent when it says nothing. */
  mayReuse?: false;
}

/** `as-is`: provider parameters, passed on untouched. `content`: to be put into a task's request. */
export type Ask =
  | { shape: 'as-is'; provider: 'anthropic'; params: Readonly<Record<string, unknown>> }
  | { shape: 'content'; content: string }
  | { shape: 'messages'; messages: readonly unknown[] };

/** A record that is no document. It is answered all the same, by a dead letter. */
export interface Reject {
  customId: string | null;
  code: ErrorCode;
  /** Where in the record, as a path such as `params.max_tokens`; null for the whole. */
  where: string | null;
  why: string;
}

export type Parsed = { is: 'document'; document: Document } | { is: 'reject'; reject: Reject };

/** What a record's headers say, parsed totally. */
export interface Envelope {
  rid: Rid;
  run: string | null;
  line: number | null;
  deadlineAt: number;
  /** What it claims when it is sealed: given, or made of what it replays, or of its event. */
  idempotencyKey: string | null;
  replayOf: string | null;
  replayCount: number;
  /** Null unless the topic is trusted with it. */
  tenant: string | null;
  /** False: a header wants an answer of its own. */
  mayReuse: boolean;
  trace: TraceContext | null;
  event: CloudEvent | null;
  /** A header that tells us what to do and cannot be followed: the document is rejected, by itself. */
  fault: HeaderFault | null;
}

export interface HeaderFault {
  code: ErrorCode;
  /** `header <name>`. */
  where: string;
  why: string;
}
