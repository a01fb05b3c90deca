import type { FleetWorld } from './fleet-world.ts';

const page = 1_000;

interface BatchPage {
  data: { id: string; created_at: string }[];
  has_more: boolean;
  last_id: string | null;
}

/** When each batch at the provider was created, ms since the epoch: the provider's own word, not ours. */
export async function createTimes({ simulatorUrl, env }: Pick<FleetWorld, 'simulatorUrl' | 'env'>): Promise<number[]> {
  const times: number[] = [];
  for (let after: string | null = ''; after !== null; ) {
    const from: string = after === '' ? '' : `&after_id=${after}`;
    const reply = await fetch(`${simulatorUrl}/v1/messages/batches?limit=${page}${from}`, {
      headers: { 'x-api-key': env.ANTHROPIC_API_KEY ?? '', 'anthropic-version': '2023-06-01' },
    });
    if (!reply.ok) throw new Error(`the simulator lists no batches: ${reply.status}`);
    const { data, has_more, last_id } = (await reply.json()) as BatchPage;
    times.push(...data.map(({ created_at }) => Date.parse(created_at)));
    after = has_more ? last_id : null;
  }
  return times;
}
