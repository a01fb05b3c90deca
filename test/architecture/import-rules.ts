import type { Import, SourceFile } from './source-files.ts';

/** The part of the product that a file belongs to. */
export type Layer =
  | 'errors'
  | 'core'
  | 'ports'
  | 'contracts'
  | 'projection'
  | 'client'
  | 'runtime'
  | 'adapters'
  | 'service'
  | 'console'
  | 'cli'
  | 'simulator'
  | 'main';

interface LayerRule {
  may: readonly Layer[];
  /** What to do instead of what is not allowed. */
  instead: string;
}

/** Who may import whom (design, Layout). A layer may always import itself. */
export const layerRules: Readonly<Record<Layer, LayerRule>> = {
  errors: { may: [], instead: 'errors is a leaf: give it what it needs as an argument' },
  core: { may: ['errors'], instead: 'core is pure: take the value as an argument, and let a service fetch it' },
  ports: { may: ['core', 'errors'], instead: 'a port is an interface in words of core: move the type to core' },
  contracts: {
    may: ['core', 'errors'],
    instead: 'contracts parse bytes into types of core: let the caller do the rest',
  },
  projection: {
    may: ['core', 'ports', 'contracts', 'errors'],
    instead: 'a projection folds the log: take the port as an argument',
  },
  client: {
    may: ['core', 'ports', 'contracts', 'errors'],
    instead: 'producers use the log through its port: let a main construct the adapter',
  },
  runtime: {
    may: ['core', 'ports', 'contracts', 'errors'],
    instead: 'take the port as an argument, and let a main construct the adapter',
  },
  adapters: {
    may: ['core', 'ports', 'contracts', 'errors'],
    instead: 'an adapter implements one port alone: let a main put two adapters together',
  },
  service: {
    may: ['core', 'ports', 'contracts', 'runtime', 'errors'],
    instead: 'take the port as an argument of createX or the constructor, and let a main construct the adapter',
  },
  console: {
    may: ['core', 'ports', 'contracts', 'projection', 'runtime', 'errors'],
    instead:
      'screens show the projection and hints: take the port as an argument, and let a main construct the adapter',
  },
  simulator: {
    may: ['ports', 'errors'],
    instead: 'the simulator shares no code with adapter or core, so that the two cannot be wrong together',
  },
  cli: {
    may: [
      'core',
      'ports',
      'contracts',
      'projection',
      'client',
      'runtime',
      'errors',
      'service',
      'console',
      'simulator',
      'main',
    ],
    instead: 'let a file directly in services/cli construct the adapter, and take what it returns',
  },
  main: {
    may: [
      'core',
      'ports',
      'contracts',
      'projection',
      'client',
      'runtime',
      'errors',
      'service',
      'console',
      'simulator',
      'adapters',
      'cli',
    ],
    instead: 'nothing is closed to a main',
  },
};

/**
 * Where adapters are chosen: each service's main. The files directly in `services/cli` are the main of the command line;
 * its folders take what those return.
 */
const mainPattern = /^services\/([^/]+\/main|cli\/[^/]+)\.ts$/;

/** These two try the very adapters that `embedded.ts` would construct, and say what is wrong with them. */
const adapterChecks: ReadonlySet<string> = new Set([
  'services/cli/doctor/check-account.ts',
  'services/cli/doctor/check-machine.ts',
]);

/** @returns null for what is in no layer: tests and the configuration */
export function layerOf(path: string): Layer | null {
  const [top, name] = path.split('/');
  if (path.endsWith('.test.ts')) return null;
  if (top === 'shared') return (name as Layer) in layerRules ? (name as Layer) : null;
  if (top !== 'services') return null;
  if (mainPattern.test(path) || adapterChecks.has(path)) return 'main';
  if (name === 'cli' || name === 'console' || name === 'simulator') return name;
  return 'service';
}

/** The unit inside a layer that may import itself: an adapter, a service, or the whole layer. */
const unitOf = (path: string): string => {
  const [top, name, third] = path.split('/');
  return top === 'shared' && name === 'adapters' ? `adapters/${third}` : `${top}/${name}`;
};

/** What an import breaks, in one sentence that ends with what to do instead; null when it is allowed. */
export function importFault(file: SourceFile, { target }: Import): string | null {
  if (target === null) return null;
  const from = layerOf(file.path);
  const to = layerOf(target);
  if (from === null) return null;
  if (to === null) return `${target} belongs to no layer: put product code below shared/ or services/`;
  if (unitOf(file.path) === unitOf(target)) return null;
  const isAllowed = layerRules[from].may.includes(to) && !(to === 'service' && from === 'service');
  return isAllowed ? null : `${from} must not import ${to} (${target}): ${layerRules[from].instead}`;
}

/** Clients and built-in modules that only some folders may import. */
export const clientPlaces: Readonly<Record<string, readonly string[]>> = {
  '@anthropic-ai/sdk': ['shared/adapters/anthropic/'],
  '@bull-board/api': ['services/console/'],
  '@bull-board/fastify': ['services/console/'],
  '@bull-board/ui': ['services/console/'],
  '@opentelemetry/api': ['shared/adapters/otel/'],
  '@opentelemetry/exporter-prometheus': ['shared/adapters/otel/'],
  '@opentelemetry/exporter-trace-otlp-http': ['shared/adapters/otel/'],
  '@opentelemetry/resources': ['shared/adapters/otel/'],
  '@opentelemetry/sdk-metrics': ['shared/adapters/otel/'],
  '@opentelemetry/sdk-node': ['shared/adapters/otel/'],
  '@opentelemetry/sdk-trace': ['shared/adapters/otel/'],
  ajv: ['shared/contracts/'],
  bullmq: ['shared/adapters/bullmq/'],
  commander: ['services/cli/', 'services/simulator/parse-arguments.ts'],
  fastify: ['services/gateway/', 'services/console/', 'services/cli/', 'services/simulator/'],
  'fastest-levenshtein': ['shared/contracts/'],
  // Queues are kept on a connection that `adapters/redis` opened: the other folder needs its type and a second one.
  ioredis: ['shared/adapters/redis/', 'shared/adapters/bullmq/'],
  // Below its public face too: connections, groups and coordinators, pinned to one version (adapters/kafka/README.md).
  kafkajs: ['shared/adapters/kafka/'],
  'kafkajs-snappy': ['shared/adapters/kafka/'],
  'log-update': ['services/cli/'],
  'lz4-napi': ['shared/adapters/kafka/'],
  pino: ['shared/adapters/pino/'],
  'secure-json-parse': ['shared/contracts/', 'shared/adapters/'],
  // A service's own flags are parsed with zod where they enter; plain types go on from there.
  zod: ['shared/contracts/', 'shared/runtime/config/', 'shared/adapters/', 'services/simulator/parse-arguments.ts'],
  'node:sqlite': ['shared/adapters/sqlite/', 'shared/projection/', 'services/simulator/store/'],
};

/** Built-in modules with no effect: all that core may use of Node. */
const pureModules = new Set(['node:crypto']);
const layersWithoutNode: ReadonlySet<Layer | null> = new Set(['core', 'ports', 'errors', 'service']);

export function clientFault({ path }: SourceFile, { specifier, target }: Import): string | null {
  if (target !== null || layerOf(path) === null) return null;
  const isBuiltIn = specifier.startsWith('node:');
  const name = isBuiltIn ? specifier : packageOf(specifier);
  const places = clientPlaces[name];
  if (places) {
    if (places.some(place => path.startsWith(place))) return null;
    return `${name} is imported only below ${places.join(', ')}: use the port or the parsed type instead`;
  }
  if (!isBuiltIn) {
    return `${name} has no place yet: name its folder in test/architecture/import-rules.ts, and why it is here in infra/dependencies.md`;
  }
  const layer = layerOf(path);
  if (!layersWithoutNode.has(layer) || (layer === 'core' && pureModules.has(name))) return null;
  return `${layer} must not import ${name}: take a port (clock, ids, log, payload store) or the value as an argument`;
}

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/** Import cycles, each as the paths that it goes through. */
export function importCycles(files: readonly SourceFile[]): string[][] {
  const targets = new Map(files.map(({ path, imports }) => [path, imports.flatMap(({ target }) => target ?? [])]));
  const finished = new Set<string>();
  const cycles: string[][] = [];
  const visit = (path: string, above: readonly string[]): void => {
    if (above.includes(path)) cycles.push([...above.slice(above.indexOf(path)), path]);
    if (above.includes(path) || finished.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...above, path]);
    finished.add(path);
  };
  for (const path of targets.keys()) visit(path, []);
  return cycles;
}
