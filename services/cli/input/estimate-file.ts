import type { LoadedConfig } from '#runtime/config/load-config.ts';
export async function estimateFile(_o: { input: string; task: string | null; loaded: LoadedConfig }): Promise<{ batch: { low: number } }> {
  return { batch: { low: 0 } };
}
