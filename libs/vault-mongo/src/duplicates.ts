import type { BatchStatus, PlainRow, RowRefusal } from '@vouchsafe/vault';
import { byExpiry, type RowHashes } from '@vouchsafe/vault/adapter-parts';
import type { BatchLog } from './batch-log.js';
import { type Code, type Codes, hashesIn, nameOf, NO_BATCH, type Taker, type Taking } from './codes.js';

/** Rows to be taken in, with their hashes, and where the first of them will lie. */
export type Intake = { readonly rows: readonly PlainRow[]; readonly hashes: RowHashes; readonly first: number };
export type Taken = {
  /** Indexes of the rows that are new, in the order in which they are sealed. */
  readonly kept: readonly number[]; readonly refused: readonly RowRefusal[];
};
/** Another process writes to the batch by now. */
export class Superseded extends Error {
  override readonly name = 'Superseded';
}

const TURNS_MAX = 20;
type Verdict = 'DUPLICATE' | 'DUPLICATE_IN_FILE' | { readonly from: Code | undefined };

/** Tells rows whose code is new from duplicates, and takes the hashes of the new ones for a sealing. */
export class Duplicates {
  constructor(readonly codes: Codes, readonly log: BatchLog) {}

  /** Throws {@link Superseded}. */
  async take(taker: Taker, { rows, hashes, first }: Intake): Promise<Taken> {
    const newest = hashesIn(hashes.newest);
    const versions = [newest, ...hashes.older.map(hashesIn)];
    const verdicts = new Map<number, Verdict>();
    /** The row that stands beside a hash by now. */
    const written = new Map<number, number>();
    let open = firstOfEach(newest, verdicts);
    for (let turn = 0; open.length > 0; turn++) {
      if (turn === TURNS_MAX) throw new Superseded('codes came and went as often as they were looked at');
      await this.#judge(taker, open, { versions, verdicts });
      this.#kept(rows, verdicts).forEach((i, row) => {
        if (!written.has(i)) written.set(i, first + row);
      });
      const takings = open.flatMap((i): (Taking & { readonly index: number })[] => {
        const verdict = verdicts.get(i)!;
        return typeof verdict === 'string' ? [] : [{ index: i, hash: newest[i]!, row: written.get(i)!, from: verdict.from }];
      });
      const lost = new Set((await this.codes.take(taker, takings)).map(({ hash }) => nameOf(hash)));
      open = takings.filter(({ hash }) => lost.has(nameOf(hash))).map(({ index }) => index);
      for (const i of open) {
        verdicts.delete(i);
        written.delete(i);
      }
    }
    const kept = this.#kept(rows, verdicts);
    // Where somebody else was quicker with some, the others move up.
    await this.codes.place(taker, kept.flatMap((i, row) => (written.get(i) === first + row ? [] : [{ hash: newest[i]!, row: first + row }])));
    const refused = rows.flatMap(({ line }, i) => {
      const verdict = verdicts.get(i);
      return typeof verdict === 'string' ? [{ line, reason: verdict }] : [];
    });
    return { kept, refused };
  }

  #kept(rows: readonly PlainRow[], verdicts: ReadonlyMap<number, Verdict>): number[] {
    return byExpiry(rows, [...verdicts].flatMap(([i, verdict]) => (typeof verdict === 'string' ? [] : [i])));
  }

  async #judge(taker: Taker, indexes: readonly number[], { versions, verdicts }: { versions: readonly Buffer[][]; verdicts: Map<number, Verdict> }): Promise<void> {
    const known = await this.codes.find(indexes.flatMap((i) => versions.map((hashes) => hashes[i]!)));
    const counts = await this.#counting(taker, [...known.values()]);
    for (const i of indexes) verdicts.set(i, verdictOf(versions.map((hashes) => known.get(nameOf(hashes[i]!))), taker, counts));
  }

  /** Whether a code that was taken in before still counts; decided with three questions for all of them. */
  async #counting(taker: Taker, codes: readonly Code[]): Promise<(code: Code) => boolean> {
    const numbers = [...new Set(codes.map(({ batch }) => batch))].filter((no) => no !== NO_BATCH);
    const heads = await this.log.heads(numbers);
    const known = new Map<number, ReadonlySet<string>>();
    for (const no of numbers) known.set(no, await this.log.known(no, [...new Set(codes.filter(({ batch }) => batch === no).map(({ mark }) => mark))]));
    return ({ batch, mark, epoch }) => {
      if (batch === NO_BATCH) return true;
      const { status } = heads.get(batch)!;
      if (known.get(batch)!.has(mark)) return blocks(status);
      if (batch !== taker.batch) return status === 'open'; // perhaps being sealed right now; of a closed batch nothing more can be finished
      if (mark === taker.mark) return false;
      if (epoch > taker.epoch) throw new Superseded('another process seals into the batch');
      return false; // left over by a sealing that this process's claim has ended
    };
  }
}
const blocks = (status: BatchStatus): boolean => status !== 'aborted';

/** Of equal codes within the rows only the first is looked at. */
const firstOfEach = (hashes: readonly Buffer[], verdicts: Map<number, Verdict>): number[] => {
  const seen = new Set<string>();
  return hashes.flatMap((hash, i) => {
    const name = nameOf(hash);
    if (!seen.has(name)) {
      seen.add(name);
      return [i];
    }
    verdicts.set(i, 'DUPLICATE_IN_FILE');
    return [];
  });
};

/** `found`: what lies under the row's hash by every look-up key, the newest first. */
const verdictOf = (found: readonly (Code | undefined)[], { batch }: Taker, counts: (code: Code) => boolean): Verdict => {
  const blocking = found.find((code) => code && counts(code));
  if (blocking) return blocking.batch === batch ? 'DUPLICATE_IN_FILE' : 'DUPLICATE';
  return { from: found[0] };
};
