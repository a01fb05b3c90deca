import { readFileSync, statSync } from 'node:fs';

const sampleEveryMs = 200;
/** USER_HZ, which Linux fixes at 100 for /proc whatever the kernel's own tick. */
const clockTickMs = 10;

/** A process at one moment, from outside. */
export interface ProcessSample {
  atMs: number;
  rssMb: number;
  /** The highest RSS so far as the kernel knows it: peaks between samples are in it. */
  peakRssMb: number;
  cpuMs: number;
  answersBytes: number;
}

/** Samples a process and its progress on the answers file until it is gone. Linux only: it reads /proc. */
export function sampleProcess(pid: number, answersFile: string): { stop(): ProcessSample[] } {
  const samples: ProcessSample[] = [];
  const timer = setInterval(() => {
    const sample = readSample(pid, answersFile);
    if (sample === null) clearInterval(timer);
    else samples.push(sample);
  }, sampleEveryMs);
  return {
    stop() {
      clearInterval(timer);
      return samples;
    },
  };
}

/** The highest RSS of a process so far, MB; 0 when it is gone. */
export function peakRssMb(pid: number): number {
  try {
    return readMb(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmHWM');
  } catch {
    return 0;
  }
}

/** CPU of a process so far, ms; 0 when it is gone. */
export function cpuMsOf(pid: number): number {
  try {
    return readCpuMs(pid);
  } catch {
    return 0;
  }
}

function readSample(pid: number, answersFile: string): ProcessSample | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    if (!status.includes('VmRSS:')) return null;
    return {
      atMs: Date.now(),
      rssMb: readMb(status, 'VmRSS'),
      peakRssMb: readMb(status, 'VmHWM'),
      cpuMs: readCpuMs(pid),
      answersBytes: statSync(answersFile, { throwIfNoEntry: false })?.size ?? 0,
    };
  } catch {
    return null;
  }
}

function readMb(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1_024;
}

function readCpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command in parentheses may hold spaces; utime and stime are fields 14 and 15, the 12th and 13th after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * clockTickMs;
}
