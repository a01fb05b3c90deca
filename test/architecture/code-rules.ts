import type { SourceFile } from './source-files.ts';

/** Something that must not stand in some files. */
export interface CodeRule {
  name: string;
  isAbout(path: string): boolean;
  pattern: RegExp;
  instead: string;
}

const isPure = (path: string): boolean =>
  /^shared\/(core|ports|contracts|runtime|errors|projection)\//.test(path) ||
  /^services\/(accumulator|submitter|poller|sweeper)\/(?!main\.ts)/.test(path) ||
  /^services\/simulator\/(machine|faults)\//.test(path);

/** Where a process's environment is read; from there on it is an argument. */
const environmentReaders: ReadonlySet<string> = new Set([
  'services/cli/main.ts',
  'services/cli/open-context.ts',
  'services/cli/open-flotilla.ts',
]);

const isMain = (path: string): boolean => /^services\/[^/]+\/(main|embedded|engine)\.ts$/.test(path);

export const codeRules: readonly CodeRule[] = [
  {
    name: 'time comes in',
    isAbout: isPure,
    pattern: /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.now\b|\bhrtime\b/,
    instead: 'take `now` as an argument, or the clock port',
  },
  {
    name: 'waiting comes in',
    isAbout: isPure,
    pattern: /\bset(Timeout|Interval|Immediate)\b|\bnode:timers\b/,
    instead: 'use `clock.sleep`, or `log.waitForMore` to wait for a record',
  },
  {
    name: 'randomness comes in',
    isAbout: isPure,
    pattern: /\bMath\.random\b|\brandomUUID\b|\brandomBytes\b|\bgetRandomValues\b|\brandomInt\b/,
    instead: 'take `random` as an argument, or the ids port',
  },
  {
    name: 'the environment is read in a main',
    isAbout: path => /^(shared|services)\//.test(path) && !environmentReaders.has(path),
    pattern: /\bprocess\.env\b/,
    instead: 'take a setting (shared/runtime/config), or `env` of the CommandContext',
  },
  {
    name: 'nobody below a main asks for the mode',
    isAbout: path => /^(shared|services)\//.test(path) && !isMain(path),
    pattern:
      /\bis(Embedded|Fleet|SingleBinary|Standalone|Kafka|Sqlite)\b|\b[mM]ode\s*[!=]==?\s*['"`]|\b(embedded|fleet)Mode\b/,
    instead: 'let the main construct another adapter, or pass a setting that says what is wanted',
  },
  {
    name: 'no barrels',
    isAbout: () => true,
    pattern: /\bexport\s+(type\s+)?\*/,
    instead: 'import from the file that defines it',
  },
];

const lumps = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'types', 'misc', 'index', 'constants']);

/** What is wrong with a file's name, or null. */
export function nameFault(path: string): string | null {
  const names = path.split('/').slice(1);
  for (const name of names) {
    const [stem = ''] = name.split('.');
    if (lumps.has(stem)) return `"${stem}" names no idea: put each part by the thing it is about`;
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(stem)) return `"${name}" is not kebab-case: name it after what it exports`;
  }
  return null;
}

/** Every line of a file that breaks a rule. */
export function codeFaults({ path, code }: SourceFile): string[] {
  return codeRules
    .filter(rule => rule.isAbout(path))
    .flatMap(({ name, pattern, instead }) =>
      code.split('\n').flatMap((line, index) => {
        const found = pattern.exec(line)?.[0];
        return found === undefined ? [] : [`${path}:${index + 1}: ${name}: not \`${found.trim()}\`, but ${instead}`];
      }),
    );
}

/** True for a file that only hands on what others define. */
export const isBarrel = ({ code }: SourceFile): boolean => {
  const statements = code
    .split(/;\s*(?:\n|$)/)
    .map(part => part.trim())
    .filter(part => part !== '');
  return statements.length > 0 && statements.every(part => /^export\s[\s\S]*\bfrom\s*'[^']+'$/.test(part));
};
