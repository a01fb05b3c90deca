/**
 * The least that anybody does who reads documents from Kafka: a kafkajs consumer and JSON.parse. Called with brokers,
 * topic and how many records there are; prints how long they took from the moment it had its partitions, and the CPU of all its
 * threads.
 */
import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';

const [brokers = '', topic = '', wanted = '0'] = process.argv.slice(2);
const client = new kafkajs.Kafka({ brokers: brokers.split(','), logLevel: kafkajs.logLevel.NOTHING });
const consumer = client.consumer({ groupId: `bare-${randomUUID()}` });
await consumer.connect();
await consumer.subscribe({ topics: [topic], fromBeginning: true });
const { promise, resolve } = Promise.withResolvers<void>();
let [startedOn, count, bytes] = [0, 0, 0];
let startedWith = process.cpuUsage();
consumer.on(consumer.events.GROUP_JOIN, () => {
  startedOn = performance.now();
  startedWith = process.cpuUsage();
});
await consumer.run({
  eachBatch: async ({ batch }) => {
    for (const { value } of batch.messages) {
      const document = JSON.parse(value?.toString() ?? '') as { custom_id: string };
      bytes += document.custom_id.length;
    }
    count += batch.messages.length;
    if (count >= Number(wanted)) resolve();
  },
});
await promise;
const ms = performance.now() - startedOn;
const { user, system } = process.cpuUsage(startedWith);
process.stdout.write(`${JSON.stringify({ documents: count, ms, cpuMs: (user + system) / 1_000, bytes })}\n`);
process.exit(0);
