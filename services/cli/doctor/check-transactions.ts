import type { Topic } from '#ports/log.ts';
import { exitCodes } from '../exit-codes.ts';
import type { FleetLog, OpenTransaction } from '../fleet-log.ts';
import { countOf, formatCount } from '../terminal/format-count.ts';
import { type Check, failed, passed } from './check.ts';

/** Our own end after 15 s, and the broker looks every 10 s: what is silent for longer will not end by itself. */
export const hangingMs = 30_000;

/** Who keeps a transaction open, and where: nobody who reads committed records reads beyond it. */
export async function checkTransactions(log: FleetLog, names: ReadonlyMap<Topic, string>): Promise<Check[]> {
  const open = await log.openTransactions();
  const hanging = open.filter(({ idleMs }) => idleMs >= hangingMs);
  if (hanging.length === 0) {
    const young = open.map(each => `${placeInWords(each, names)} ${producerInWords(each)}`).join('; ');
    return [passed('open', open.length === 0 ? 'no transaction' : `${countOf(open.length, 'transaction')}: ${young}`)];
  }
  return Promise.all(
    hanging.map(async each => {
      const { topic, partition, offset } = each;
      const name = names.get(topic) ?? topic;
      const behind = (await log.endOffset(topic, partition)) - offset;
      return failed('open', 'a transaction hangs', {
        where: placeInWords(each, names),
        why: `${producerInWords(each)}; readers of committed records stand before it, and miss ${countOf(behind, 'offset')}`,
        fix: `kafka-transactions.sh --bootstrap-server ${log.address} abort --topic ${name} --partition ${partition} --start-offset ${offset}`,
        exitCode: exitCodes.unreachable,
      });
    }),
  );
}

const placeInWords = ({ topic, partition, offset }: OpenTransaction, names: ReadonlyMap<Topic, string>): string =>
  `${names.get(topic) ?? topic} partition ${partition} offset ${offset}`;

const producerInWords = ({ producerId, epoch, idleMs }: OpenTransaction): string =>
  `of producer ${producerId}, epoch ${epoch}, silent for ${formatCount(Math.round(idleMs / 1_000))} s`;
