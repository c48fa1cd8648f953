/** A change that a flush has not made durable yet. */
type Change =
  | { readonly kind: 'write'; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'size'; readonly size: number };

/** Written to disks in units of this many bytes; what a power cut leaves of a write is a set of sectors, or less. */
const SECTOR_BYTES = 512;

/** A file's bytes twice: as this process sees them, and as they would be after a power cut. */
export class MemoryInode {
  readonly #now = new Bytes();
  readonly #durable = new Bytes();
  #unsynced: Change[] = [];

  get size(): number {
    return this.#now.size;
  }
  /** The bytes as seen by reads (not a copy). */
  get bytes(): Buffer {
    return this.#now.view();
  }
  get hasUnsynced(): boolean {
    return this.#unsynced.length > 0;
  }

  read(into: Uint8Array, offset: number): number {
    const part = this.#now.view().subarray(offset, offset + into.length);
    into.set(part);
    return part.length;
  }

  write(bytes: Uint8Array, at: number): void {
    this.#change({ kind: 'write', at, bytes: Buffer.from(bytes) });
  }
  resize(size: number): void {
    this.#change({ kind: 'size', size });
  }

  #change(change: Change): void {
    this.#now.apply(change);
    this.#unsynced.push(change);
  }

  sync(): void {
    for (const change of this.#unsynced) this.#durable.apply(change);
    this.#unsynced = [];
  }

  /** Damage done to the medium itself: seen by reads and by every later life. */
  replace(bytes: Uint8Array): void {
    const whole = Buffer.from(bytes);
    for (const side of [this.#now, this.#durable]) {
      side.apply({ kind: 'size', size: 0 });
      side.apply({ kind: 'write', at: 0, bytes: whole });
    }
    this.#unsynced = [];
  }

  /** A power cut: each unsynced change is kept, lost, or kept in part; in any combination, as a disk's cache would. */
  afterCrash(random: () => number): MemoryInode {
    const after = new MemoryInode();
    after.replace(this.#durable.view());
    for (const change of this.#unsynced) {
      for (const part of fate(change, random)) {
        after.#now.apply(part);
        after.#durable.apply(part);
      }
    }
    return after;
  }
}

const fate = (change: Change, random: () => number): readonly Change[] => {
  const dice = random();
  if (dice < 0.25) return [];
  if (dice < 0.5 || change.kind === 'size') return [change];
  if (dice < 0.75) return [{ ...change, bytes: change.bytes.subarray(0, Math.floor(random() * change.bytes.length)) }];
  const parts: Change[] = [];
  const firstSector = Math.floor(change.at / SECTOR_BYTES) * SECTOR_BYTES;
  for (let sector = firstSector; sector < change.at + change.bytes.length; sector += SECTOR_BYTES) {
    if (random() < 0.5) continue;
    const from = Math.max(sector, change.at);
    const to = Math.min(sector + SECTOR_BYTES, change.at + change.bytes.length);
    parts.push({ kind: 'write', at: from, bytes: change.bytes.subarray(from - change.at, to - change.at) });
  }
  return parts;
};

/** A growable run of bytes; what lies between the old and a new end reads as zeros. */
class Bytes {
  #buffer = Buffer.alloc(0);
  size = 0;

  view(): Buffer {
    return this.#buffer.subarray(0, this.size);
  }

  apply(change: Change): void {
    if (change.kind === 'size') {
      this.#reserve(change.size);
      if (change.size < this.size) this.#buffer.fill(0, change.size, this.size);
      this.size = change.size;
    } else {
      const end = change.at + change.bytes.length;
      if (change.bytes.length === 0) return;
      this.#reserve(end);
      change.bytes.copy(this.#buffer, change.at);
      this.size = Math.max(this.size, end);
    }
  }

  #reserve(size: number): void {
    if (size <= this.#buffer.length) return;
    const grown = Buffer.alloc(Math.max(size, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.size);
    this.#buffer = grown;
  }
}
