import type { TopicPlan } from './topic-plan.ts';

/** Settings that a topic is made with. */
export const topicSettings = (plan: TopicPlan): [name: string, value: string][] => [
  ['cleanup.policy', plan.cleanupPolicy],
  ['retention.ms', String(plan.retentionMs)],
  ['max.message.bytes', String(plan.messageBytesMax)],
  ['message.timestamp.type', 'LogAppendTime'],
];

/** The commands that make all topics, for where flotilla may not: `infra/kafka/create-topics.sh`. */
export function renderTopicCommands(plans: readonly TopicPlan[], topicPrefix: string): string {
  const commands = plans.map(plan => {
    const name = plan.name.replace(topicPrefix, '$prefix');
    const settings = topicSettings(plan).map(([setting, value]) => `--config ${setting}=${value}`);
    return [`create "${name}" ${plan.partitions}`, ...settings].join(' \\\n  ');
  });
  return `${head}\n${commands.join('\n')}\n`;
}

const head = `#!/bin/sh
# Makes the topics of a fleet, where flotilla itself may not: create-topics.sh BROKERS [PREFIX] [REPLICATION-FACTOR]
# Written from shared/adapters/kafka/topic-plan.ts; a test holds the two together.
set -eu
brokers=$1
prefix=\${2:-flotilla}
replicas=\${3:-3}

create() {
  topic=$1
  partitions=$2
  shift 2
  kafka-topics.sh --bootstrap-server "$brokers" --create --if-not-exists --topic "$topic" \\
    --partitions "$partitions" --replication-factor "$replicas" "$@"
}
`;
