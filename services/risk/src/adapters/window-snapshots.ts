import { createHash } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import type { EventStore, Position } from '@vouchsafe/event-store';
import { isFault } from '@vouchsafe/kernel';
import type { Collection } from '@vouchsafe/read-store';
import type { Log } from '@vouchsafe/runtime';
import type { RiskWindows, SavedWindows, WindowsSize } from '../application/windows/risk-windows.js';

/** Change it whenever the windows, what they take in or how they keep it changes: older snapshots are ignored then. */
const VERSION = 1;
const PART_BYTES = 3 << 20;
/** Larger windows are read from the log again: to write them down would hold up the end of the process. */
const SNAPSHOT_MAX_BYTES = 256 << 20;
const HEAD = 'head';

type Head = { readonly version: number; readonly size: string; readonly position: number; readonly parts: number; readonly sha256: string };
/** One document tells what there is, others hold the bytes, as base64. */
export type SnapshotPart = Head | { readonly bytes: string };
export const snapshotCollection = { name: 'risk_windows_v1', indexes: [] };

export type WindowSnapshotsPorts = { readonly collection: Collection<SnapshotPart>; readonly store: EventStore; readonly size: WindowsSize; readonly log: Log };

/**
 * The windows as they were behind one position of the log, among the views: lost with them, and made again. What is not
 * certainly of this log, this version and this size is ignored, and the log read instead.
 */
export class WindowSnapshots {
  readonly #ports: WindowSnapshotsPorts;
  constructor(ports: WindowSnapshotsPorts) {
    this.#ports = ports;
  }

  /** Loads what there is into `windows`; the position behind which the log goes on, undefined where nothing was loaded. */
  async load(windows: RiskWindows): Promise<Position | undefined> {
    const { collection, store, log } = this.#ports;
    try {
      const head = (await collection.get(HEAD))?.value as Head | undefined;
      if (!head || head.version !== VERSION || head.size !== this.#size) return undefined;
      await store.readAll({ after: head.position as Position, max: 1 }); // Fault POSITION_UNKNOWN where the log has no such place
      const bytes = await this.#bytesOf(head);
      if (!bytes) return undefined;
      windows.load(deserialize(bytes) as SavedWindows);
      return head.position as Position;
    } catch (error) {
      if (!isFault(error) || error.code !== 'POSITION_UNKNOWN') throw error;
      log.info({}, 'the snapshot of the risk windows is of another log, and ignored');
      return undefined;
    }
  }

  /** Keeps the windows as they are now, which must be all that is recorded up to the log's head, once that is durable. */
  async save(windows: RiskWindows): Promise<void> {
    const { collection, store } = this.#ports;
    const position = store.head();
    const bytes = serialize(windows.save());
    const parts = Math.ceil(bytes.length / PART_BYTES);
    const known = (await collection.get(HEAD))?.value as Head | undefined;
    if (bytes.length > SNAPSHOT_MAX_BYTES || known?.position === position) return;
    await store.durable(position);
    const revisions = { snapshot: position };
    for (let i = 0; i < parts; i++) {
      const part = bytes.subarray(i * PART_BYTES, (i + 1) * PART_BYTES).toString('base64');
      await collection.write([{ id: partId(i), value: { bytes: part }, revisions }]);
    }
    // Last: a head whose parts are others' does not match their hash.
    await collection.write([{ id: HEAD, value: { version: VERSION, size: this.#size, position, parts, sha256: sha256(bytes) }, revisions }]);
  }

  async #bytesOf({ parts, sha256: expected }: Head): Promise<Buffer | undefined> {
    const found: Buffer[] = [];
    for (let i = 0; i < parts; i++) {
      const part = (await this.#ports.collection.get(partId(i)))?.value as { readonly bytes: string } | undefined;
      if (!part) return undefined;
      found.push(Buffer.from(part.bytes, 'base64'));
    }
    const bytes = Buffer.concat(found);
    return sha256(bytes) === expected ? bytes : undefined;
  }
  get #size(): string {
    const { keysPerTable, momentsPerTable } = this.#ports.size;
    return `${keysPerTable}/${momentsPerTable}`;
  }
}

const partId = (i: number): string => `part-${String(i).padStart(4, '0')}`;
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
