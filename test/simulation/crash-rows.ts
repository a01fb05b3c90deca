/** A row of protocol §8 and where the simulation meets it. */
export interface CrashRow {
  name: string;
  between: string;
  /** Crash points, each a pattern of a label; one has to be hit at least. */
  labels: readonly RegExp[];
  /** Where it is no crash point but an event of the world: the name under which it is counted. */
  event?: string;
}

/** Every row that applies here. C1 is the gateway's, C10 that of file providers, C21 and C26 those of the command line. */
export const crashRows: readonly CrashRow[] = [
  {
    name: 'C2',
    between: 'fetch, buffer and SEALED',
    labels: [/accumulator\.log\.read\(documents\)·after/, /log\.append\(SEALED\)·before/],
  },
  { name: 'C3', between: 'payload cached and SEALED', labels: [/accumulator\.payloads\.put·after/] },
  { name: 'C4', between: 'SEALED appended and ack seen', labels: [/log\.append\(SEALED\)·after/] },
  { name: 'C5', between: 'two owners seal one record', labels: [], event: 'rebalance' },
  { name: 'C6', between: 'SEALED and offset commit', labels: [/accumulator\.log\.commitPosition·before/] },
  {
    name: 'C7',
    between: 'offset commit and submit job',
    labels: [/accumulator\.queue\.add\(submit\)·before/, /accumulator\.log\.commitPosition·after/],
  },
  {
    name: 'C8',
    between: 'submit job and INTENT',
    labels: [/submitter\.queue\.take\(submit\)·after/, /log\.append\(INTENT\)·before/],
  },
  {
    name: 'C9',
    between: 'INTENT appended and read back or POST',
    labels: [/log\.append\(INTENT\)·after/, /provider\.create·before/],
  },
  { name: 'C11', between: 'deadline check and socket write', labels: [/provider\.create·before/] },
  {
    name: 'C12',
    between: 'POST sent and reply, reply and CREATED',
    labels: [/provider\.create·after/, /log\.append\(CREATED\)·before/],
  },
  {
    name: 'C13',
    between: 'CREATED by one worker and by another that thaws',
    labels: [/log\.append\(CREATED\)·before/],
  },
  { name: 'C14', between: 'ABORTED and resend, and a worker that thaws', labels: [/provider\.create·after/] },
  {
    name: 'C15',
    between: 'CREATED and poll, poll and collect',
    labels: [/log\.append\(CREATED\)·after/, /poller\.queue\.add\(collect\)·before/, /provider\.list·after/],
  },
  { name: 'C16', between: 'a partial download', labels: [/provider\.results·after/] },
  {
    name: 'C17',
    between: 'begin and first send, send and commit',
    labels: [/poller\.log\.fence·after/, /poller\.log\.fence\.send·after/],
  },
  {
    name: 'C27',
    between: 'PRIME appended and its call',
    labels: [/log\.append\(PRIME\)·after/, /provider\.prime·before/],
  },
  {
    name: 'C28',
    between: 'the call of a prime, its reply and PRIMED',
    labels: [/provider\.prime·after/, /log\.append\(PRIMED\)·before/],
  },
  { name: 'C18', between: 'commit sent and ack', labels: [/poller\.log\.fence\.commit·after/] },
  {
    name: 'C19',
    between: 'SETTLED and RELEASED, retry job, payload delete',
    labels: [
      /log\.append\(RELEASED\)·before/,
      /poller\.queue\.add\(retry\)·before/,
      /submitter\.payloads\.delete·before/,
    ],
  },
  { name: 'C20', between: 'a retry taken twice', labels: [/accumulator\.queue\.take\(retry\)·after/] },
  { name: 'C22', between: 'the queue loses a second, or all', labels: [], event: 'queue flushed' },
  { name: 'C23', between: 'the log is away', labels: [], event: 'log outage' },
  { name: 'C24', between: 'the provider is away', labels: [], event: 'provider outage' },
  { name: 'C25', between: 'the key belongs to another workspace', labels: [], event: 'key of another workspace' },
];

/** The crash points among `labels` that belong to a row. */
export const rowOf = (row: CrashRow, labels: Iterable<string>): string[] =>
  [...labels].filter(label => row.labels.some(pattern => pattern.test(label)));
