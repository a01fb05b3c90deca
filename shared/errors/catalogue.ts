/** One entry per code. `exitCode` is what a command ends with when this stops it (`flotilla help exit-codes`). */
export interface ErrorEntry {
  what: string;
  why: string;
  fix: string;
  exitCode: number;
}

const entry = (what: string, why: string, fix: string, exitCode = 2): ErrorEntry => ({ what, why, fix, exitCode });

/** Every error code of the product. `ARCHITECTURE.md` lists them; `test/architecture.test.ts` holds the two together. */
export const errorCatalogue = {
  // a record that is no document: rejected by itself, answered as a dead letter
  'invalid-json': entry('not valid JSON', 'the line could not be parsed', 'write one JSON object per line'),
  'invalid-utf8': entry('not valid UTF-8', 'the bytes are no text', 'save the file as UTF-8'),
  'empty-record': entry('empty record', 'there is nothing to send', 'remove the empty line'),
  'batch-unpacks-too-large': entry(
    'compressed batch too large',
    'the batch that this record was sent in would unpack to more than 64 MiB',
    'publish it again, in smaller batches',
  ),
  'record-unreadable': entry(
    'record unreadable',
    'its batch could not be unpacked',
    'publish it again; the producer that compressed it is broken',
  ),
  'not-an-object': entry('not a JSON object', 'a document is an object', 'write one JSON object per line'),
  'too-deep': entry('nested too deeply', 'documents may nest 64 levels', 'flatten the document'),
  'document-too-large': entry(
    'document too large',
    'a document may have 1 MiB',
    'send a reference to the bytes instead',
  ),
  'forbidden-key': entry(
    'forbidden key',
    'the keys __proto__ and constructor.prototype poison objects',
    'rename the key',
  ),
  'unknown-shape': entry(
    'unknown document shape',
    'it is neither an OpenAI line, an Anthropic request, a native document nor a reference',
    'give it custom_id with params, with method, url and body, with content, data or messages, or with ref',
  ),
  'unknown-field': entry('unknown field', 'our own inputs have a fixed set of fields', 'remove or rename the field'),
  'invalid-field': entry('invalid field', 'a field has the wrong type or value', 'correct the field'),
  'invalid-header': entry('invalid header', 'a header cannot be followed', 'correct the header, or leave it out'),
  'missing-field': entry('missing field', 'a required field is absent', 'add the field'),
  'unknown-task': entry('unknown task', 'no task of that name is configured', 'add it to flotilla.config.ts'),
  'missing-task': entry('no task', 'a native document needs a task', 'add "task" to the document, or give --task'),
  'provider-not-configured': entry(
    'provider not configured',
    'no account of that provider is configured',
    'send Anthropic-shaped or native documents',
  ),
  'reference-refused': entry(
    'reference refused',
    'a reference may name only a file: below the folder of the input',
    'move the file there, or put the content into the document',
  ),
  'reference-unreadable': entry('reference unreadable', 'the bytes it names could not be read', 'check the path'),
  'reference-mismatch': entry(
    'reference mismatch',
    'the bytes are not the ones that were named',
    'correct sha256 or bytes',
  ),
  'replay-limit': entry('replayed too often', 'a document is replayed three times at most', 'look at its cause first'),

  // an item that ended as a dead letter
  'invalid-request': entry('refused by the provider', 'the provider calls the request invalid', 'correct the document'),
  refused: entry('refused by the model', 'the model declined to answer', 'change the document or the instructions'),
  truncated: entry(
    'answer truncated',
    'the answer reached max_tokens, and again with twice as many',
    'see `flotilla tune`, and raise maxTokens or maxTokensMax of the task, or max_tokens of the document',
  ),
  'invalid-output': entry(
    'invalid output',
    'the answer does not fit the schema',
    'relax the schema or the instructions',
  ),
  'provider-error': entry('provider error', 'the provider failed on this item', 'replay it later'),
  missing: entry('answer missing', 'the provider lost the line', 'replay it'),
  expired: entry('expired too often', 'the provider did not get to it in 24 hours', 'replay it later'),
  canceled: entry('canceled', 'its run was canceled', 'run it again'),
  deadline: entry('deadline passed', 'it could not be created in time', 'give it a later deadline and replay it'),
  'too-large': entry('too large for the provider', 'the provider refused a batch of this one document', 'shorten it'),
  'parked-too-long': entry('parked too long', 'a cap held it back', 'raise the cap and replay it'),
  duplicate: entry('duplicate', 'another record claimed the same idempotency key', 'read the answer of that record'),
  'result-too-large': entry('answer too large', 'a result line may have 8 MiB', 'lower max_tokens'),
  'queue-full': entry('queue full', 'the provider had no room until the deadline', 'replay it later'),

  // things that stop a command or hold back creates
  'invalid-config': entry('invalid configuration', 'a setting is wrong', 'correct flotilla.config.ts'),
  'unknown-setting': entry('unknown setting', 'there is no setting of that name', 'correct the name'),
  'invalid-usage': entry('invalid usage', 'the command was called wrongly', 'flotilla help'),
  'input-unreadable': entry('input unreadable', 'the file could not be read', 'check the path'),
  'not-found': entry('not found', 'there is nothing of that name', 'flotilla status lists what there is'),
  'budget-exceeded': entry('over the budget', 'the estimate exceeds the cap', 'raise --max-cost', 7),
  'price-unknown': entry('price unknown', 'the price table has no row for the model', 'remove --max-cost', 7),
  'replay-refused': entry('replay refused', 'nothing to replay', 'flotilla dead-letters lists what there is', 7),
  'no-answer-yet': entry(
    'no answer yet',
    'the waiting ended before the answer came; the document is answered all the same',
    'wait longer, or read the results topic by its rid',
    4,
  ),
  'engine-lost': entry('engine lost', 'the engine that held the lock is gone', 'run the command again', 5),
  'log-unavailable': entry('log unavailable', 'the log could not be read or written', 'check disk and permissions', 5),
  'log-forbidden': entry(
    'log forbidden',
    'the broker refuses the credentials, or what they may do',
    'check the credentials and the access rules of topics, groups and transactional ids',
    6,
  ),
  'topic-unfit': entry('topic unfit', 'a topic is not as the protocol needs it', 'correct its settings'),
  'record-too-large': entry(
    'record too large for its topic',
    'the broker refuses what is above max.message.bytes',
    'raise max.message.bytes of the topic',
  ),
  'disk-full': entry('disk full', 'the log could not be written', 'free some space; nothing is lost', 5),
  'log-recreated': entry('log re-created', 'it ends before what was claimed in it', 'restore the log', 5),
  'log-newer': entry('log written by a newer version', 'a record has a version unknown here', 'update flotilla', 5),
  'queue-unavailable': entry(
    'work queue unavailable',
    'Redis could not be reached, or refused the command',
    'check Redis; nothing is lost, missing hints are derived again',
    5,
  ),
  'redis-unfit': entry(
    'Redis is not fit for a fleet',
    'its version or settings would lose hints without a word',
    'use Redis 7 or newer with maxmemory-policy noeviction',
    5,
  ),
  'insecure-connection': entry(
    'insecure connection',
    'documents and answers would cross a network that others may read, at an address that anybody may use',
    'use TLS and credentials; where only the fleet reaches it: FLOTILLA_INSECURE_OK=true',
    7,
  ),
  'worker-stalled': entry(
    'worker stalled',
    'there is work, and it makes no progress',
    'start it again; an orchestrator does so by itself',
    5,
  ),
  fenced: entry('fenced', 'another process took over this shard', 'none: it begins anew by itself', 1),
  'foreign-fleet': entry(
    'two fleets on one identity',
    'the provider holds a batch with our fleet id that our log does not know: the log was copied',
    'stop the other fleet, or start this one with an empty log',
    7,
  ),
  'owner-mismatch': entry(
    'the key belongs to another owner',
    'the log is pinned to the organisation or workspace it first saw',
    'use the former key, or a new state folder',
    6,
  ),
  'clock-off': entry('clock off', 'the clock is more than 30 s off', 'set the clock', 5),
  'provider-unavailable': entry('provider unavailable', 'the provider did not answer', 'wait, or check the network', 5),
  'provider-auth': entry('credentials refused', 'the provider refused the key', 'check ANTHROPIC_API_KEY', 6),
  'provider-account': entry('account refused', 'the provider refuses the account', 'check billing and limits', 6),
  'audit-failed': entry('the audit found something', 'see its figures', 'keep the log and report it', 3),
  internal: entry('unexpected error', 'this is a bug', 'report it with the log', 1),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorCatalogue;
