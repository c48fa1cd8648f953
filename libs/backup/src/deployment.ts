import path from 'node:path';
import { type EventStore, type Position, START } from '@vouchsafe/event-store';
import { Fault, invariant } from '@vouchsafe/kernel';
import type { Ids, Log, Stop, Timers } from '@vouchsafe/runtime';
import { DEPLOYMENT_FILE, type Marker, markerShape, type Own, ownShape } from './deployment-files.js';
import { readSmall, writeSmall, writeSmallAside } from './small-file.js';

const MARKER_MS = 1_000;
export const FIRST_EPOCH = 1;

/**
 * Which deployment a data directory is, and whether it is the one it was: a restored backup, a copied directory or one put
 * back to an earlier state is noticed by the marker kept elsewhere, and its epoch raised.
 */
export interface Deployment {
  readonly id: string;
  /** Grows with every restore or copy. Final once {@link Deployment.attach} has settled. */
  readonly epoch: number;
  /** The epoch was raised and what was done after the backup is not secured yet. */
  readonly raised: boolean;
  /** Boot epoch the log must at least start with, so that no epoch is lived twice. */
  readonly minimumBootEpoch: number;
  /** After the log is open: compares its end with the marker's, then keeps the marker up to date until stopped. */
  attach(store: Pick<EventStore, 'head' | 'durable' | 'epoch'>, timers: Timers): Promise<void>;
  /** All services have secured what the journal names: the next start is an ordinary one. */
  secured(): void;
  /** Writes the marker a last time. */
  close(): Promise<void>;
}

export type DeploymentOptions = {
  readonly data: string;
  /** Folder of the marker; outside `data`, best on another disk. */
  readonly marker: string;
  readonly ids: Ids; readonly log: Log;
  /** Why this is a copy although directory and marker do not say so: then the epoch is raised. */
  readonly copied?: string | undefined;
  /** The epoch is not below it: another replica has come so far. */
  readonly epochAtLeast?: number | undefined;
};

/** Faults, not retryable: `MARKER_FOREIGN`, `FILE_DAMAGED`. */
export const openDeployment = async ({ data, marker, ids, log, copied, epochAtLeast }: DeploymentOptions): Promise<Deployment> => {
  const own = readSmall(path.join(data, DEPLOYMENT_FILE), ownShape);
  const known = readSmall(path.join(marker, DEPLOYMENT_FILE), markerShape);
  if (known && own?.id !== known.id)
    throw new Fault('MARKER_FOREIGN', `the marker in ${marker} belongs to deployment ${known.id}; name another place for this data, or restore a backup of that deployment`, false);
  const reason = strayed(own, known, copied);
  const next = started(own ?? { ...UNBORN, id: `dpl_${ids.uuid()}` }, atLeast(known ?? UNBORN, epochAtLeast), reason !== undefined);
  if (reason) log.warn({ epoch: next.epoch, reason }, 'this data directory is not the one it was: its epoch is raised, and stock will be held until it is released against the journal');
  writeSmall(path.join(data, DEPLOYMENT_FILE), ownShape.write(next)); // before the marker: a crash between leaves the data ahead, which is no harm
  return new KeptDeployment({ data, marker, log }, next, known?.durable ?? START);
};
const UNBORN = { epoch: FIRST_EPOCH, boots: 0, bootEpoch: 0, raised: false };
const atLeast = <M extends { readonly epoch: number }>(known: M, epoch = FIRST_EPOCH): M => ({ ...known, epoch: Math.max(known.epoch, epoch) });
/** Above everything that the directory and its marker have lived. */
const started = (own: Own, known: Omit<Own, 'id' | 'raised'>, stray: boolean): Own => ({
  id: own.id, epoch: Math.max(own.epoch, known.epoch) + (stray ? 1 : 0), boots: Math.max(own.boots, known.boots) + 1,
  bootEpoch: Math.max(own.bootEpoch, known.bootEpoch), raised: own.raised || stray,
});

/** Why a directory is not the one its marker knows. */
const strayed = (own: Own | undefined, known: Marker | undefined, copied: string | undefined): string | undefined => {
  if (!own) return copied;
  return byMarker(own, known) ?? (own.raised ? undefined : copied); // once is enough, however often the start fails
};
const byMarker = (own: Own, known: Marker | undefined): string | undefined => {
  if (!known) return 'its marker is missing';
  if (known.epoch > own.epoch) return 'its marker has seen a later epoch';
  return known.epoch === own.epoch && known.boots > own.boots ? 'its marker has seen a later start' : undefined;
};

class KeptDeployment implements Deployment {
  readonly id: string;
  readonly minimumBootEpoch: number;
  #own: Own;
  #durable: number;
  #store: Pick<EventStore, 'head' | 'durable' | 'epoch'> | undefined;
  #stop: Stop | undefined;

  constructor(readonly places: { readonly data: string; readonly marker: string; readonly log: Log }, own: Own, durable: number) {
    this.id = own.id;
    this.minimumBootEpoch = own.bootEpoch + 1;
    this.#own = own;
    this.#durable = durable;
  }
  get epoch(): number {
    return this.#own.epoch;
  }
  get raised(): boolean {
    return this.#own.raised;
  }

  async attach(store: Pick<EventStore, 'head' | 'durable' | 'epoch'>, timers: Timers): Promise<void> {
    invariant(!this.#store, 'a deployment is attached to one log');
    this.#store = store;
    // A restored directory is behind its marker by design, and raised already.
    const behind = store.head() < this.#durable && !this.raised;
    if (behind) this.places.log.warn({ head: store.head(), seen: this.#durable }, 'the log ends before what was durable once: this directory was put back to an earlier state');
    this.#save({ bootEpoch: store.epoch, ...(behind && { epoch: this.epoch + 1, raised: true }) });
    this.#durable = store.head();
    writeSmall(...this.#marked());
    this.#stop = timers.every(MARKER_MS, () => this.#follow(), (error) => this.places.log.error({ error }, 'the deployment marker cannot be written'));
  }

  secured(): void {
    if (this.raised) this.#save({ raised: false });
  }

  async close(): Promise<void> {
    await this.#stop?.();
    if (this.#store) await this.#follow();
  }

  async #follow(): Promise<void> {
    const head: Position = this.#store!.head();
    if (head <= this.#durable) return;
    await this.#store!.durable(head);
    this.#durable = head;
    await writeSmallAside(...this.#marked());
  }
  #marked(): Parameters<typeof writeSmall> {
    const { id, epoch, boots, bootEpoch } = this.#own;
    return [path.join(this.places.marker, DEPLOYMENT_FILE), markerShape.write({ id, epoch, boots, bootEpoch, durable: this.#durable })];
  }
  #save(change: Partial<Own>): void {
    this.#own = { ...this.#own, ...change };
    writeSmall(path.join(this.places.data, DEPLOYMENT_FILE), ownShape.write(this.#own));
  }
}
