import type { Namespace } from '@vouchsafe/runtime';
import { namesOf } from './names.js';
import { type Topology, topicsOf, TOPOLOGY } from './topology.js';

/** A topic as it shall be. */
export type TopicPlan = { readonly name: string; readonly partitions: number; readonly replicas: number; readonly config: Readonly<Record<string, string>> };
export type PlanOptions = {
  readonly namespace: Namespace;
  readonly prefix?: string;
  readonly topology?: Topology;
  /** Of events and commands: how many instances of a service can share the work. */
  readonly partitions: number;
  readonly replicas: number;
  readonly minInSync: number;
  /** Events are the store's; here they only wait for consumers, so this bounds how long one may be away without reading from owners. */
  readonly retentionMs: number;
};

const HOUR_MS = 3_600_000;
/** An outcome nobody fetched in an hour is asked for again anyway. */
const REPLIES_MS = HOUR_MS;
const MESSAGE_BYTES = 1_048_576;

export const planTopics = ({ namespace, prefix, topology = TOPOLOGY, partitions, replicas, minInSync, retentionMs }: PlanOptions): readonly TopicPlan[] => {
  const common = { 'min.insync.replicas': String(minInSync), 'cleanup.policy': 'delete', 'max.message.bytes': String(MESSAGE_BYTES), 'unclean.leader.election.enable': 'false' };
  return topicsOf(topology, namesOf(namespace, prefix)).map(({ name, kind }) => ({
    name, replicas, partitions: kind === 'replies' ? Math.min(partitions, 3) : partitions,
    config: { ...common, 'retention.ms': String(kind === 'replies' ? Math.min(REPLIES_MS, retentionMs) : retentionMs) },
  }));
};
