import { parseArguments } from './parse-arguments.ts';
import { startSimulator } from './service.ts';

/** Serves the simulator alone until it is told to stop; prints its base URL, and nothing else, on stdout. */
export async function main(args: readonly string[]): Promise<void> {
  const options = parseArguments(args, text => process.stdout.write(text));
  if (options === null) return;
  const simulator = await startSimulator(options);
  console.log(simulator.baseUrl);
  const stop = (): void => void simulator.close();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

if (import.meta.main) {
  await main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  });
}
