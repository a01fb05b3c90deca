import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Leg, LegFiles } from './leg.ts';
import { type MeasuredProcess, spawnLeg } from './spawn-leg.ts';
import { type Responder, startResponder } from './start-responder.ts';

/** One leg over one file, from start to exit. */
export interface LegRun {
  documents: number;
  wallMs: number;
  cpuMs: number;
  rssMb: number;
  responderCpuMs: number;
}

/** What a run may be watched by while it goes on. */
export interface LegInFlight {
  files: LegFiles;
  process: MeasuredProcess;
  responder: Responder;
}

/**
 * Runs a leg in a directory and against a responder of its own, and refuses its figures unless every document was
 * answered once and bought once: a fast loop that loses work is not fast.
 */
export async function runLeg(options: {
  leg: Leg;
  documentsFile: string;
  documents: number;
  directory: string;
  watch?: (inFlight: LegInFlight) => void;
}): Promise<LegRun> {
  const { leg, documents } = options;
  const files = await createLegFiles(options);
  const responder = await startResponder();
  try {
    const process = await spawnLeg({ leg, files, baseUrl: responder.baseUrl });
    options.watch?.({ files, process, responder });
    const { wallMs, usage } = await process.ended();
    const sold = await responder.sold();
    const answered = await countAnswered(files.answersFile);
    if (answered !== documents || sold.items !== documents)
      throw new Error(`${leg.name}: ${documents} documents, ${answered} answered, ${sold.items} bought`);
    return { documents, wallMs, ...usage, responderCpuMs: sold.cpuMs };
  } finally {
    responder.stop();
    await rm(files.directory, { recursive: true, force: true });
  }
}

/** A fresh directory for one run. */
export async function createLegFiles(options: {
  leg: Leg;
  documentsFile: string;
  directory: string;
}): Promise<LegFiles> {
  const directory = await mkdtemp(join(options.directory, `${options.leg.name}-`));
  return { documentsFile: options.documentsFile, answersFile: join(directory, 'answers.jsonl'), directory };
}

/** How many different documents an answers file answers. */
export async function countAnswered(answersFile: string): Promise<number> {
  const answered = new Set<string>();
  for await (const line of createInterface({ input: createReadStream(answersFile) })) {
    const customId = /"custom_id":"([^"]+)"/.exec(line)?.[1];
    if (customId !== undefined) answered.add(customId);
  }
  return answered.size;
}
