import type { Disk } from '@vouchsafe/runtime';
import { compareRows, getRow, isSameStream, ROW_BYTES, type Row, rowsIn } from './run-format.js';
import type { Run } from './run.js';
import { RunWriter } from './run-writer.js';
import { MARK_EVERY } from './tail.js';

/** So many neighbouring runs of one level become one of the next. */
export const MERGE_RUNS = 4;

/** The runs to merge next, oldest first; none if there are too few of any level. `runs`: oldest first. */
export const runsToMerge = (runs: readonly Run[]): readonly Run[] => {
  for (let end = runs.length; end >= MERGE_RUNS; end--) {
    const group = runs.slice(end - MERGE_RUNS, end);
    if (group.every(({ level }) => level === group[0]!.level)) return group;
  }
  return [];
};

/**
 * Writes the rows of `runs` as one run: of each stream its marks and its last row. Works in slices of one write's size,
 * so that the event loop is never held long. Settles with false if `isCancelled` said so meanwhile.
 */
export const mergeRuns = async (
  runs: readonly Run[],
  disk: Disk,
  name: string,
  isCancelled: () => boolean,
): Promise<boolean> => {
  const writer = await RunWriter.create(
    disk,
    name,
    runs.reduce((sum, run) => sum + run.rows, 0),
  );
  try {
    const cursors = await Promise.all(runs.map((run) => RowCursor.open(run)));
    let held: Row | undefined;
    for (let least = leastOf(cursors); least; least = leastOf(cursors)) {
      const row = least.row!;
      if (held && (isMark(held) || !isSameStream(held, row)) && compareRows(held, row) !== 0) writer.add(held);
      held = row;
      if (!least.step()) await least.load();
      if (!writer.isFull) continue;
      await writer.drain();
      if (isCancelled()) return false;
    }
    if (held) writer.add(held);
    await writer.finish();
    return true;
  } finally {
    await writer.close();
  }
};

const isMark = ({ revision }: Row): boolean => revision > 0 && revision % MARK_EVERY === 0;

const leastOf = (cursors: readonly RowCursor[]): RowCursor | undefined => {
  let least: RowCursor | undefined;
  for (const cursor of cursors) {
    if (cursor.row && (!least || compareRows(cursor.row, least.row!) < 0)) least = cursor;
  }
  return least;
};

/** Steps through the rows of a run. */
class RowCursor {
  row: Row | undefined;
  #block: Buffer = Buffer.alloc(0);
  #index = 0;
  #count = 0;

  private constructor(readonly blocks: AsyncGenerator<Buffer>) {}

  static async open(run: Run): Promise<RowCursor> {
    const cursor = new RowCursor(run.blocks());
    await cursor.load();
    return cursor;
  }

  /** The next row of the block in memory; false if {@link load} is needed. */
  step(): boolean {
    if (++this.#index >= this.#count) return false;
    this.row = getRow(this.#block, this.#index * ROW_BYTES);
    return true;
  }

  async load(): Promise<void> {
    const next = await this.blocks.next();
    this.row = undefined;
    if (next.done) return;
    this.#block = next.value;
    this.#count = rowsIn(next.value);
    this.#index = 0;
    this.row = getRow(this.#block, 0);
  }
}
