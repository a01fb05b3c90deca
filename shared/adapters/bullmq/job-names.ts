import type { QueueName } from '#ports/work-queue.ts';

/** As screens show it: `submit-anthropic`, or `retry` for what belongs to no account. BullMQ allows no colon in it. */
export const queueTitle = (queue: QueueName, account = ''): string =>
  account === '' ? queue : `${queue}-${account.replaceAll(/[^A-Za-z0-9._-]/g, '_')}`;

/** The same job has the same id whoever adds it. Never an integer, which BullMQ keeps for itself. */
export const jobIdOf = (queue: QueueName, id: string): string => `${queue === 'retry' ? 'item' : 'batch'}-${id}`;

export const idOfJob = (jobId: string): string => jobId.slice(jobId.indexOf('-') + 1);

/** Keys of one fleet; the braces keep them on one node of a cluster, which BullMQ's scripts need. */
export const keyPrefix = (topicPrefix: string): string => `{${topicPrefix}}`;
