import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Topic } from '#ports/log.ts';
import { checkTopic, partitionsOf, settingsOf, type TopicFacts, toFacts } from './ensure-topics.ts';
import { planTopics, type TopicPlan, type TopicPlanOptions } from './topic-plan.ts';
import { type KafkaConnection, withAdmin } from './with-admin.ts';

export interface ClusterReport {
  /** As they tell clients to reach them, which need not be the addresses that were configured. */
  brokers: { id: number; address: string; isController: boolean }[];
  /** Of all that a fleet needs, in the order of the plan. */
  topics: TopicReport[];
}

export interface TopicReport {
  topic: Topic;
  name: string;
  /** Null: it is not there. */
  facts: TopicFacts | null;
  /** What the protocol cannot live with; null too when it is not there. */
  fault: FlotillaError | null;
}

/**
 * What a cluster is like, with everything that is wrong and not only the first of it. Changes nothing.
 * @throws FlotillaError log-unavailable | log-forbidden
 */
export function inspectCluster(
  connection: KafkaConnection,
  planned: Pick<TopicPlanOptions, 'topicPrefix' | 'documentsTopic'>,
): Promise<ClusterReport> {
  const plans = planTopics(planned);
  return withAdmin(connection, async admin => {
    const { brokers, controller } = await admin.describeCluster();
    const existing = new Set(await admin.listTopics());
    const there = plans.filter(({ name }) => existing.has(name));
    const partitions = there.length === 0 ? null : await partitionsOf(admin, there);
    const settings = there.length === 0 ? null : await settingsOf(admin, there);
    const topics = plans.map((plan): TopicReport => {
      const { topic, name } = plan;
      const [found, config] = [partitions?.get(name), settings?.get(name)];
      if (found === undefined || config === undefined) return { topic, name, facts: null, fault: null };
      const facts = toFacts(found, config);
      const unfit = faultOf(() => checkTopic(plan, { partitions: found.count, config }));
      return { topic, name, facts, fault: unfit ?? copiesFault(plan, { ...found, minInSync: facts.minInSync }) };
    });
    return {
      brokers: brokers
        .map(({ nodeId, host, port }) => ({
          id: nodeId,
          address: `${host}:${port}`,
          isController: nodeId === controller,
        }))
        .sort((left, right) => left.id - right.id),
      topics,
    };
  });
}

function faultOf(check: () => void): FlotillaError | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof FlotillaError) return error;
    throw error;
  }
}

/** What no setting of ours cures: brokers are missing. */
function copiesFault(
  { name }: TopicPlan,
  { inSync, minInSync, withoutLeader }: { inSync: number; minInSync: number; withoutLeader: readonly number[] },
): FlotillaError | null {
  const where = `topic ${name}`;
  const fix = 'look at the brokers that are down';
  if (withoutLeader.length > 0) {
    const why = `no broker leads ${withoutLeader.length} of its partitions (${withoutLeader.slice(0, 5).join(', ')})`;
    return new FlotillaError('log-unavailable', { where, why, fix });
  }
  if (inSync >= minInSync) return null;
  const why = `${inSync} of its copies are in sync, and appends are refused below ${minInSync}`;
  return new FlotillaError('log-unavailable', { where, why, fix });
}
