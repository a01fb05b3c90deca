import { z } from 'zod';
import { topicPrefixDefault } from './config-defaults.ts';
import { roleNames } from './roles.ts';

const topicName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/,
    'must be 1 to 200 of A-Z a-z 0-9 . _ - and begin with a letter or digit',
  );

const saslSchema = z
  .strictObject({
    mechanism: z
      .enum(['plain', 'scram-sha-256', 'scram-sha-512'])
      .optional()
      .describe('How to log in. Without it nobody logs in.'),
    username: z.string().min(1).optional().describe('Who logs in.'),
    password: z.string().min(1).optional().meta({ description: 'Password of it.', shownAs: 'secret' }),
  })
  .refine(({ mechanism, username, password }) => !mechanism || (username !== undefined && password !== undefined), {
    error: 'needs username and password',
    path: ['mechanism'],
  });

/** Where the log of a fleet is. With brokers the log is Kafka, without it is a file of this machine. */
export const kafkaConfigSchema = z.strictObject({
  brokers: z
    .array(
      z.string().regex(/^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/, 'must be host:port, several with commas'),
    )
    .min(1)
    .optional()
    .describe('Brokers of the fleet, as host:port. Without them the log is a file on this machine.'),
  topicPrefix: topicName
    .default(topicPrefixDefault)
    .describe('What names of topics, consumer groups and Redis keys begin with: fleets may share a cluster.'),
  documentsTopic: topicName
    .optional()
    .describe('Topic that documents come from, when it is not <prefix>.documents.v1.'),
  trustsTenants: z
    .boolean()
    .default(false)
    .describe('Whoever writes documents may name a tenant in the header flotilla-tenant; tenants share no batch.'),
  partitions: z
    .int()
    .min(1)
    .max(1_000)
    .optional()
    .describe('Partitions of the documents topic, when it has to be made. They bound how many accumulators share it.'),
  replicas: z.int().min(1).max(9).optional().describe('Copies of each topic that has to be made.'),
  ssl: z.boolean().default(false).describe('Speak TLS with the brokers.'),
  caFile: z.string().min(1).optional().describe('PEM file of the authority that signed their certificates.'),
  sasl: saslSchema.prefault({}).describe('Credentials for the brokers.'),
  insecure: z
    .boolean()
    .default(false)
    .describe('The brokers may be reached beyond loopback without TLS or without credentials.'),
});

const submitRateSchema = z.strictObject({
  creates: z.int().min(1).max(1_000_000).describe('Batches of the account in one such time.'),
  everyMs: z.int().min(100).max(86_400_000).describe('How long that time is.'),
});

const redisFields = z.strictObject({
  url: z
    .string()
    .refine(isRedisUrl, 'must be redis://[user:password@]host:port[/db], or rediss://')
    .optional()
    .meta({ description: 'Where hints and payloads are kept. A fleet needs it.', shownAs: 'secret' }),
  caFile: z
    .string()
    .min(1)
    .optional()
    .describe('PEM file of the authority that signed its certificate, with a rediss:// address.'),
  submitRates: z.record(z.string(), submitRateSchema).default({}).meta({
    description:
      'Batches that may be sent off in so much time, by all processes together, such as `{ main: { creates: 50, everyMs: 60_000 } }`. Without it: as many as come.',
    shownAs: 'creates and everyMs by account',
  }),
  insecure: z
    .boolean()
    .default(false)
    .describe('Redis may be reached beyond loopback without TLS or without a password.'),
});

export const redisConfigSchema = redisFields.refine(({ url, caFile }) => !caFile || !url || url.startsWith('rediss:'), {
  error: 'needs a rediss:// address: without TLS there is no certificate',
  path: ['caFile'],
});

export const workerConfigSchema = z.strictObject({
  roles: z
    .array(z.enum(roleNames))
    .min(1)
    .default([...roleNames])
    .describe('What `flotilla worker` does; the default is all.'),
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be 1 to 64 of A-Z a-z 0-9 . _ -')
    .optional()
    .describe('Name of the process on screens and in logs. Without it: host and process id.'),
  snapshots: z
    .string()
    .min(1)
    .optional()
    .describe('Folder for snapshots of the view, which make starts faster. Without it: `fleet` below `state`.'),
});

function isRedisUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^rediss?:$/.test(url.protocol) && url.hostname !== '';
}
