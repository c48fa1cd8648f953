import type { ParkedStore } from '@vouchsafe/bus';
import type { Clock, Log, Namespace } from '@vouchsafe/runtime';
import type { KafkaConnection } from './client.js';
import type { CommandKeys } from './signing.js';

export type KafkaBusOptions = {
  readonly connection: KafkaConnection;
  readonly namespace: Namespace;
  /** Tells this running instance from others of its service; fresh at every start. */
  readonly instance: string;
  /** Signs in the name of this service, e.g. `inventory`, and checks the others. */
  readonly keys: CommandKeys;
  /** Shared by all instances of the service. Closed by whoever made it. */
  readonly parked: ParkedStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Of topics and groups; tells deployments on one Kafka apart. */
  readonly prefix?: string;
  readonly compression?: 'gzip' | 'zstd';
  /** Which deployment this is a part of: others' members in our consumer groups would take our messages. They are refused at start, and told. */
  readonly deployment?: string;
  /** Topics with fewer replicas are refused: `health()` tells, and the bus does not begin. Absent: 1. */
  readonly replicas?: number;
  /** A member that is silent so long loses its partitions. */
  readonly sessionTimeoutMs?: number;
  /** A consumer that is behind and commits nothing for so long is begun anew. */
  readonly stalledMs?: number;
  /** A broker that does not answer for so long is taken for dead, and its connections are cut. */
  readonly requestTimeoutMs?: number;
  /** Whether a service may command another; asked of the signer. Absent: as the platform's {@link TOPOLOGY} says. */
  readonly mayCommand?: (sender: string, target: string) => boolean;
};
