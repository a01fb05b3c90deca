#!/bin/sh
# Makes the topics of a fleet, where flotilla itself may not: create-topics.sh BROKERS [PREFIX] [REPLICATION-FACTOR]
# Written from shared/adapters/kafka/topic-plan.ts; a test holds the two together.
set -eu
brokers=$1
prefix=${2:-flotilla}
replicas=${3:-3}

create() {
  topic=$1
  partitions=$2
  shift 2
  kafka-topics.sh --bootstrap-server "$brokers" --create --if-not-exists --topic "$topic" \
    --partitions "$partitions" --replication-factor "$replicas" "$@"
}

create "$prefix.documents.v1" 8 \
  --config cleanup.policy=delete \
  --config retention.ms=1209600000 \
  --config max.message.bytes=4194304 \
  --config message.timestamp.type=LogAppendTime
create "$prefix.results.v1" 8 \
  --config cleanup.policy=delete \
  --config retention.ms=2419200000 \
  --config max.message.bytes=16777216 \
  --config message.timestamp.type=LogAppendTime
create "$prefix.dead-letters.v1" 8 \
  --config cleanup.policy=delete \
  --config retention.ms=2419200000 \
  --config max.message.bytes=16777216 \
  --config message.timestamp.type=LogAppendTime
create "$prefix.journal.v1" 1 \
  --config cleanup.policy=delete \
  --config retention.ms=-1 \
  --config max.message.bytes=8388608 \
  --config message.timestamp.type=LogAppendTime
create "$prefix.settled.v1" 32 \
  --config cleanup.policy=delete \
  --config retention.ms=-1 \
  --config max.message.bytes=8388608 \
  --config message.timestamp.type=LogAppendTime
create "$prefix.recipes.v1" 1 \
  --config cleanup.policy=compact \
  --config retention.ms=-1 \
  --config max.message.bytes=8388608 \
  --config message.timestamp.type=LogAppendTime
