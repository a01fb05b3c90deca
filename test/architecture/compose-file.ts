import { parseDocument } from 'yaml';
import { z } from 'zod';

/** Docker's own rule: `${NAME}`, `${NAME:-default}` (empty counts as unset), `${NAME-default}`; `$$` is a dollar. */
export function interpolate(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$(?:(\$)|\{([A-Z0-9_]+)(?:(:?-)([^}]*))?\})/g, (_whole, dollar, name, operator, fallback) => {
    if (dollar) return '$';
    const value = env[name as string];
    const isUnset = value === undefined || (operator === ':-' && value === '');
    if (!isUnset) return value;
    if (operator === undefined) throw new Error(`\${${name}} has no default`);
    return fallback ?? '';
  });
}

const duration = z.string().regex(/^\d+(ms|s|m)$/);
const bytes = z.string().regex(/^\d+[kmg]$/);
const name = z.string().regex(/^[a-z][a-z0-9-]*$/);

const service = z.strictObject({
  image: z.string(),
  build: z.strictObject({ context: z.literal('.'), target: z.string() }).optional(),
  profiles: z.array(name).optional(),
  user: z.string(),
  read_only: z.literal(true),
  init: z.literal(true),
  cap_drop: z.tuple([z.literal('ALL')]),
  security_opt: z.tuple([z.literal('no-new-privileges:true')]),
  restart: z.literal('unless-stopped'),
  logging: z.strictObject({ driver: z.literal('json-file'), options: z.record(z.string(), z.string()) }),
  command: z.array(z.string()).optional(),
  /** Texts only: what YAML reads as a number or a truth value reaches a process as something else than was meant. */
  environment: z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.string()).optional(),
  secrets: z.array(name).optional(),
  tmpfs: z.array(z.string().regex(/^\/[^:]+:size=\d+m(,(uid|gid|mode)=\d+)*$/)),
  volumes: z.array(z.string().regex(/^[^:]+:\/[^:]+(:ro)?$/)).optional(),
  networks: z.array(name).min(1),
  ports: z.array(z.string()).optional(),
  mem_limit: bytes,
  cpus: z.number().positive(),
  pids_limit: z.int().positive(),
  stop_grace_period: duration.optional(),
  depends_on: z.record(name, z.strictObject({ condition: z.literal('service_healthy') })).optional(),
  healthcheck: z.strictObject({
    test: z
      .array(z.string())
      .min(2)
      .refine(([kind]) => kind === 'CMD' || kind === 'CMD-SHELL'),
    interval: duration,
    timeout: duration,
    retries: z.int().positive(),
    start_period: duration,
  }),
});

/** What of the Compose specification is used here, and nothing else: a key that is misspelt is refused. */
const composeSchema = z.strictObject({
  name,
  services: z.record(name, service),
  networks: z.record(name, z.strictObject({ internal: z.literal(true).optional() })),
  volumes: z.record(name, z.strictObject({})),
  secrets: z.record(name, z.strictObject({ file: z.string() })),
});

export type ComposeFile = z.output<typeof composeSchema>;
export type ComposeService = ComposeFile['services'][string];

/** Reads it as Docker does: YAML with merge keys, variables filled in, `x-` keys left out. @throws when it is not one */
export function readComposeFile(text: string, env: Readonly<Record<string, string>> = {}): ComposeFile {
  const document = parseDocument(text, { merge: true, uniqueKeys: true, strict: true });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) throw problem;
  const raw = filledIn(document.toJS(), env) as Record<string, unknown>;
  return composeSchema.parse(Object.fromEntries(Object.entries(raw).filter(([key]) => !key.startsWith('x-'))));
}

function filledIn(value: unknown, env: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string') return interpolate(value, env);
  if (Array.isArray(value)) return value.map(each => filledIn(each, env));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, filledIn(each, env)]));
}
