import { Fault } from '@vouchsafe/kernel';
import type { Clock, Disk, DiskFile, Log, Namespace } from '@vouchsafe/runtime';
import { type JournalEntry, type JournalRecord, journalRecord } from './entry.js';
import { frame, FRAME_MAX } from './frames.js';
import { readFile, type Tail } from './reader.js';

/** Append-only, beside the log and at another place if configured: what cannot be undone. */
export interface Journal {
  /** Notes an entry. It is on the disk once a {@link Journal.flush} called after it has settled. */
  record(entry: JournalEntry): void;
  /**
   * Settles when all that was recorded before is on the disk; many callers share one flush. Faults: `JOURNAL_FULL` (retryable, nothing
   * was lost), `JOURNAL_FAILED` (for ever after an error).
   */
  flush(): Promise<void>;
  /** All entries on the disk, oldest first. */
  read(): AsyncIterable<JournalRecord>;
  /** Entries recorded so far. */
  readonly size: number;
  close(): Promise<void>;
}
export type JournalOptions = {
  readonly disk: Disk; readonly file?: string; readonly namespace: Namespace; readonly deploymentId: string;
  /** Epoch of the data directory; every entry carries it. */
  readonly epoch: number;
  readonly clock: Clock; readonly log: Log;
};

/** Of a journal, within its folder. */
export const JOURNAL_FILE = 'journal-of-the-irrevocable';
/** Space taken ahead, so that a flush writes data only. */
const GROW_BYTES = 4 * 1024 * 1024;

/** Opens the journal, cutting a torn tail (reported). Faults, not retryable: `JOURNAL_DAMAGED` (says where), `JOURNAL_FOREIGN`. */
export const openJournal = async (options: JournalOptions): Promise<Journal> => {
  const { disk, file = JOURNAL_FILE, log } = options;
  const handle = await disk.open(file, 'write-through');
  let owner: JournalRecord | undefined;
  const tail: Tail = { offset: 0, checksum: 0, entries: 0 };
  for await (const entry of readFile(handle, tail)) owner ??= entry;
  if (owner?.entry.type === 'Opened' && (owner.entry.deploymentId !== options.deploymentId || owner.entry.namespace !== options.namespace))
    throw new Fault('JOURNAL_FOREIGN', `the journal ${file} belongs to deployment ${owner.entry.deploymentId} (${owner.entry.namespace}); name its own place`, false);
  if (tail.torn) {
    log.warn({ file, offset: tail.offset }, 'cut a torn tail of the journal: an entry that nobody was answered for');
    await handle.truncate(tail.offset);
    await handle.sync();
  }
  await disk.syncFolder('');
  const journal = new FileJournal(options, handle, tail);
  journal.record({ type: 'Opened', deploymentId: options.deploymentId, namespace: options.namespace });
  await journal.flush();
  return journal;
};

const FLUSHED = Promise.resolve();

class FileJournal implements Journal {
  readonly #pending: Buffer[] = [];
  #offset: number;
  #checksum: number;
  #entries: number;
  #allocated: number;
  #running: Promise<void> | undefined;
  /** Of those who wait for the one that is running. */
  #next: Promise<void> | undefined;
  #failure: Fault | undefined;

  constructor(readonly options: JournalOptions, readonly file: DiskFile, tail: Tail) {
    this.#offset = tail.offset;
    this.#allocated = tail.offset;
    this.#checksum = tail.checksum;
    this.#entries = tail.entries;
  }

  get size(): number {
    return this.#entries;
  }

  record(entry: JournalEntry): void {
    const { epoch, clock } = this.options;
    const payload = Buffer.from(JSON.stringify(journalRecord.write({ n: this.#entries, epoch, at: clock.now(), entry })));
    if (payload.length > FRAME_MAX) throw new Fault('JOURNAL_ENTRY_TOO_LARGE', 'an entry of the journal is larger than a frame', false);
    const { bytes, checksum } = frame(payload, this.#checksum);
    this.#checksum = checksum;
    this.#entries++;
    this.#pending.push(bytes);
  }

  flush(): Promise<void> {
    if (!this.#running && this.#pending.length === 0) return this.#failure ? Promise.reject(this.#failure) : FLUSHED;
    // Whoever asks while a flush runs waits for the next one, which takes all that gathered meanwhile; all of them share it.
    return (this.#next ??= this.#flushNext());
  }

  async #flushNext(): Promise<void> {
    try {
      await this.#running;
    } finally {
      this.#next = undefined;
    }
    if (this.#failure) throw this.#failure;
    if (this.#pending.length === 0) return;
    this.#running = this.#write().finally(() => (this.#running = undefined));
    await this.#running;
  }

  async #write(): Promise<void> {
    const due = this.#pending.length;
    await this.#makeRoom(this.#pending.reduce((n, { length }) => n + length, 0)); // what is pending stays so if there is none
    const bytes = Buffer.concat(this.#pending.splice(0, due));
    try {
      await this.file.write(bytes, this.#offset); // and flushed, for the file is written through
      this.#offset += bytes.length;
    } catch (cause) {
      // Nobody knows what is on the disk now; going on could let a secret out that no journal names.
      this.#failure = new Fault('JOURNAL_FAILED', 'the journal of the irrevocable cannot be written; stop, repair its disk, start again', false, { cause });
      throw this.#failure;
    }
  }
  /** Space is taken before anything is written, so that a full disk refuses and loses nothing. */
  async #makeRoom(bytes: number): Promise<void> {
    if (this.#offset + bytes <= this.#allocated) return;
    const size = this.#offset + bytes + GROW_BYTES;
    try {
      await this.file.allocate(size);
    } catch (cause) {
      throw new Fault('JOURNAL_FULL', 'no space for the journal of the irrevocable; nothing leaves until there is', true, { cause });
    }
    this.#allocated = size;
  }

  async *read(): AsyncIterable<JournalRecord> {
    await this.flush();
    yield* readFile(this.file, { offset: 0, checksum: 0, entries: 0, until: this.#offset });
  }

  async close(): Promise<void> {
    if (!this.#failure) await this.flush();
    await this.file.close();
  }
}
