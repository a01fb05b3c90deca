import { existsSync } from 'node:fs';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isEngineRunning } from '../engine-running.ts';
import { exitCodes } from '../exit-codes.ts';
import { formatBytes } from '../terminal/format-count.ts';
import { type Check, failed, passed } from './check.ts';

const nodeMajorMin = 24;
/** A log of a million documents takes about so much. */
const freeBytesMin = 2_000_000_000;

export function checkNode(): Check {
  const { node } = process.versions;
  if (Number.parseInt(node, 10) >= nodeMajorMin) return passed('node', node);
  const fix = 'npm install brings a Node of its own; npx flotilla finds it';
  return failed('node', `${node} is older than ${nodeMajorMin}`, { fix, exitCode: exitCodes.usage });
}

/** Leaves nothing behind that was not there. */
export async function checkState(directory: string): Promise<Check> {
  const isNew = !existsSync(directory);
  const probe = join(directory, `.doctor-${process.pid}`);
  try {
    await mkdir(directory, { recursive: true });
    await writeFile(probe, '');
    await rm(probe);
    return passed('state', `${directory} ${isNew ? 'can be made' : 'is writable'}`);
  } catch (error) {
    const fix = 'give --state another folder, or correct the permissions';
    const found = `${directory}: ${error instanceof Error ? error.message : String(error)}`;
    return failed('state', found, { fix, exitCode: exitCodes.unreachable });
  } finally {
    if (isNew) await rm(directory, { recursive: true, force: true });
  }
}

export const checkEngine = (directory: string): Check =>
  passed('engine', isEngineRunning(directory) ? 'running in another process; commands attach to it' : 'free');

export async function checkDisk(directory: string): Promise<Check> {
  let folder = directory;
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= freeBytesMin) return passed('disk', `${formatBytes(free)} free`);
  const fix = `free some space: a log of a million documents takes about ${formatBytes(freeBytesMin)}`;
  return failed('disk', `${formatBytes(free)} free`, { fix, exitCode: exitCodes.unreachable });
}
