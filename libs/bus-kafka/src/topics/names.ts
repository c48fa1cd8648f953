import type { Namespace } from '@vouchsafe/runtime';

/** Names of one deployment's topics and groups. `prefix` tells deployments on one Kafka apart. */
export type Names = {
  events(context: string): string;
  commands(context: string): string;
  /** Where outcomes for a service's instances come back. */
  replies(service: string): string;
  eventGroup(group: string): string;
  /** Of a group that every instance is by itself. */
  liveGroup(group: string, instance: string): string;
  commandGroup(context: string): string;
  replyGroup(service: string, instance: string): string;
};

export const DEFAULT_PREFIX = 'vouchsafe';

export const namesOf = (namespace: Namespace, prefix: string = DEFAULT_PREFIX): Names => {
  const base = `${prefix}.${namespace}`;
  return {
    events: (context) => `${base}.${context}.events`,
    commands: (context) => `${base}.${context}.commands`,
    replies: (service) => `${base}.${service}.replies`,
    eventGroup: (group) => `${base}.${group}.events`,
    liveGroup: (group, instance) => `${base}.${group}.events.${instance}`,
    commandGroup: (context) => `${base}.${context}.commands`,
    replyGroup: (service, instance) => `${base}.${service}.replies.${instance}`,
  };
};
