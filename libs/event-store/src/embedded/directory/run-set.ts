import { type Disk, memoryDisk } from '@vouchsafe/runtime';
import { CHAIN_START } from '../frame.js';
import { DIRECTORY_FOLDER } from '../layout.js';
import { type Cover, loadManifest, type Manifest, runName, saveManifest, sequenceOfRun } from './manifest.js';
import { mergeRuns, runsToMerge } from './merge.js';
import { Run, RunDamage } from './run.js';
import { RowSorter } from './row-sorter.js';
import type { Row } from './run-format.js';
import { RunWriter } from './run-writer.js';
import type { StreamHash, Tail } from './tail.js';

const NOTHING: Cover = { end: 0, chain: CHAIN_START };

/** The sorted runs of the directory on the disk, oldest first, and up to where in the log they tell the truth. */
export class RunSet {
  readonly #disk: Disk;
  /** Where new runs are written. */
  #writeTo: Disk;
  #runs: readonly Run[] = [];
  #cover: Cover = NOTHING;
  #nextRun = 1;
  #saving: Promise<void> = Promise.resolve();

  constructor(disk: Disk) {
    this.#disk = disk;
    this.#writeTo = disk;
  }

  /** From now on nothing changes on the disk: new runs are kept in memory, the next process makes them again. */
  keepInMemory(): void {
    this.#writeTo = memoryDisk();
  }
  get inMemory(): boolean {
    return this.#writeTo !== this.#disk;
  }

  get cover(): Cover {
    return this.#cover;
  }
  get count(): number {
    return this.#runs.length;
  }
  get rows(): number {
    return this.#runs.reduce((sum, run) => sum + run.rows, 0);
  }

  /** Opens and proves all that the manifest names. Gives the reason if it must all be made again from the log. */
  async load(): Promise<string | undefined> {
    const manifest = await loadManifest(this.#disk);
    const files = (await this.#disk.list(DIRECTORY_FOLDER))
      .map(sequenceOfRun)
      .filter((sequence) => sequence !== undefined);
    this.#nextRun = Math.max(0, ...files) + 1;
    if (typeof manifest === 'string') return `the manifest is ${manifest}`;
    this.#nextRun = Math.max(this.#nextRun, manifest.nextRun);
    try {
      for (const { file, level } of manifest.runs) {
        const run = await Run.open(this.#disk, `${DIRECTORY_FOLDER}/${file}`, level);
        this.#runs = [...this.#runs, run];
        await run.verify();
      }
    } catch (error) {
      if (!(error instanceof RunDamage) && (error as { code?: string }).code !== 'ENOENT') throw error;
      await this.clear();
      return (error as Error).message;
    }
    this.#cover = manifest.cover;
    return undefined;
  }

  /** Forgets all runs: they are to be made again. */
  async clear(): Promise<void> {
    const runs = this.#runs;
    this.#runs = [];
    this.#cover = NOTHING;
    for (const run of runs) await run.close();
  }

  /** Removes files that no manifest names: of a run never finished, or replaced. */
  async removeOrphans(): Promise<void> {
    const writeTo = this.#writeTo;
    const named = new Set(this.#runs.map(({ name }) => name));
    for (const file of await writeTo.list(DIRECTORY_FOLDER)) {
      const name = `${DIRECTORY_FOLDER}/${file}`;
      if (sequenceOfRun(file) !== undefined && !named.has(name)) await writeTo.remove(name);
    }
  }

  /** False: no run has a row of the stream, for sure. */
  mayHold(hash: StreamHash): boolean {
    for (let i = 0; i < this.#runs.length; i++) if (this.#runs[i]!.mayHold(hash)) return true;
    return false;
  }

  /** The stream's last row up to `revision` in the newest run that has one. */
  async find(
    hash: StreamHash,
    revision: number,
    isWanted: (row: Row) => boolean = () => true,
  ): Promise<Row | undefined> {
    for (;;) {
      const runs = this.#runs;
      const found = await this.#findIn(runs, hash, revision, isWanted);
      if (found !== 'changed') return found;
    }
  }

  async #findIn(
    runs: readonly Run[],
    hash: StreamHash,
    revision: number,
    isWanted: (row: Row) => boolean,
  ): Promise<Row | undefined | 'changed'> {
    for (let i = runs.length - 1; i >= 0; i--) {
      if (this.#runs !== runs) return 'changed'; // one of these may be closed by now
      const run = runs[i]!;
      if (!run.mayHold(hash)) continue;
      const row = await run.find(hash, revision);
      if (row && isWanted(row)) return row;
    }
    return undefined;
  }

  /** Writes what changed as the newest run. Durable, with all before `cover`, once it settles. */
  async write(tails: Iterable<Tail>, rowsAtMost: number, cover: Cover): Promise<void> {
    const run = await this.#make(0, async (name) => {
      const writer = await RunWriter.create(this.#writeTo, name, rowsAtMost);
      try {
        await writeRows(writer, tails, rowsAtMost);
      } finally {
        await writer.close();
      }
      return true;
    });
    this.#runs = [...this.#runs, run!];
    this.#cover = cover;
    await this.#save();
  }

  /** Makes a run by `work` and opens it; what `work` leaves after a failure, or after saying false, is removed. */
  async #make(level: number, work: (name: string) => Promise<boolean>): Promise<Run | undefined> {
    const writeTo = this.#writeTo;
    const name = runName(this.#nextRun++);
    let done = false;
    await writeTo.makeFolder(DIRECTORY_FOLDER);
    try {
      done = await work(name);
      if (done) await writeTo.syncFolder(DIRECTORY_FOLDER);
    } finally {
      if (!done && (await writeTo.exists(name))) await writeTo.remove(name);
    }
    return done ? Run.open(writeTo, name, level) : undefined;
  }

  /** Merges neighbouring runs once; false if there was nothing to merge, or `isCancelled` said so meanwhile. */
  async mergeOnce(isCancelled: () => boolean): Promise<boolean> {
    const group = runsToMerge(this.#runs);
    if (group.length === 0) return false;
    const writeTo = this.#writeTo;
    const merged = await this.#make(group[0]!.level + 1, (name) => mergeRuns(group, writeTo, name, isCancelled));
    if (!merged) return false;
    this.#runs = this.#runs.flatMap((run) => (run === group[0] ? [merged] : group.includes(run) ? [] : [run]));
    try {
      await this.#save();
    } finally {
      for (const run of group) await run.close();
    }
    for (const run of group) if (run.disk === writeTo) await writeTo.remove(run.name);
    return true;
  }

  /** One after the other, each with what is true when it begins. */
  #save(): Promise<void> {
    const before = this.#saving.catch(() => undefined); // whoever asked for that one was told
    this.#saving = before.then(() => saveManifest(this.#writeTo, this.#manifest()));
    return this.#saving;
  }

  #manifest(): Manifest {
    const runs = this.#runs.map(({ name, level }) => ({ file: name.slice(DIRECTORY_FOLDER.length + 1), level }));
    return { cover: this.#cover, runs, nextRun: this.#nextRun };
  }
}

const writeRows = async (writer: RunWriter, tails: Iterable<Tail>, rowsAtMost: number): Promise<void> => {
  const sorter = new RowSorter(rowsAtMost);
  for (const tail of tails) sorter.add(tail);
  for (const row of sorter.rows()) {
    writer.add(row);
    if (writer.isFull) await writer.drain();
  }
  await writer.finish();
};
