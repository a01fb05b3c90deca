const reasons = {
  'provider-openai': 'comes with the OpenAI adapter: files, asynchronous validation, two result files',
  'provider-gemini': 'comes with the Gemini adapter',
  'fleet-kafka': 'comes with the Kafka adapter: consumer groups, broker restarts, transactions over a network',
  cache: 'comes with the cache planner',
  unnamed: 'built, and no test names it yet',
};

/** Failures that no test names yet, each with why. What concerns Anthropic or one machine is not among them for long. */
export const laterFailures: Readonly<Record<string, string>> = {
  ...withReason('provider-openai', ['O4', 'O5', 'O7', 'O8']),
  ...withReason('provider-gemini', ['G1', 'G4', 'G5', 'G6', 'G7', 'G9']),
  ...withReason('fleet-kafka', ['K1', 'K2', 'K5', 'K7', 'K9']),
  ...withReason('cache', ['P1', 'P2', 'P3']),
  ...withReason('unnamed', ['A2', 'A5', 'N7', 'O11', '$4']),
};

function withReason(reason: keyof typeof reasons, ids: readonly string[]): Record<string, string> {
  return Object.fromEntries(ids.map(id => [id, reasons[reason]]));
}
