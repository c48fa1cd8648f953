import type { Bus } from '@vouchsafe/bus';
import type { EventStore } from '@vouchsafe/event-store';
import type { Journal } from '@vouchsafe/journal';
import type { ReadStore } from '@vouchsafe/read-store';
import type { Rpc } from '@vouchsafe/rpc';
import type { Clock, Disk, Figures, Ids, Log, Namespace, Random, Timers } from '@vouchsafe/runtime';
import type { CodeVault } from '@vouchsafe/vault';

/** What inventory is given; it sees nothing else. */
export type InventoryPorts = {
  readonly namespace: Namespace;
  readonly store: EventStore;
  readonly bus: Bus;
  readonly readStore: ReadStore;
  readonly rpc: Rpc;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  readonly timers: Timers;
  readonly log: Log;
  /** What operation is told. */
  readonly figures?: Figures;
  readonly vault: CodeVault;
  readonly journal: Journal;
  /** Where uploads lie, sealed, until they are in the vault. */
  readonly spool: Disk;
  /** Epoch of the data directory, and whether it was raised (restored, copied) and not yet reconciled: then pools start held. */
  readonly deployment: { readonly epoch: number; readonly raised: boolean };
};
