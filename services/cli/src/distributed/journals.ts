import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { JOURNAL_FILE, type JournalRecord, openJournal, readJournal } from '@vouchsafe/journal';
import { type Namespace, nodeDisk, silentLog, systemClock } from '@vouchsafe/runtime';

/** Folders below `folder` that hold a journal of the irrevocable: one per replica that ever ran. */
export const journalsIn = (folder: string | undefined): readonly string[] =>
  folder === undefined || !existsSync(folder) ? [] : readdirSync(folder).sort().map((name) => path.join(folder, name)).filter((one) => existsSync(path.join(one, JOURNAL_FILE)));

/** Entries of several journals by the time they were written; of one journal in its own order. */
export async function* entriesOf(folders: readonly string[]): AsyncIterable<JournalRecord> {
  const sources = folders.map((folder) => readJournal(nodeDisk(folder))[Symbol.asyncIterator]());
  const heads = await Promise.all(sources.map((source) => source.next()));
  for (;;) {
    let first = -1;
    for (const [i, head] of heads.entries()) if (!head.done && (first < 0 || head.value.at < (heads[first]!.value as JournalRecord).at)) first = i;
    if (first < 0) return;
    yield heads[first]!.value as JournalRecord;
    heads[first] = await sources[first]!.next();
  }
}

export type JournalOwner = { readonly folder: string; readonly deploymentId: string; readonly epoch: number; readonly namespace: Namespace };

/** Writes one journal of all, in a new folder, for a replica that is restored: what any of them knows, each must know. How many entries it has. */
export const mergeJournals = async (folders: readonly string[], { folder, deploymentId, epoch, namespace }: JournalOwner): Promise<number> => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const journal = await openJournal({ disk: nodeDisk(folder), namespace, deploymentId, epoch, clock: systemClock(), log: silentLog });
  let entries = 0;
  try {
    for await (const { entry } of entriesOf(folders)) {
      if (entry.type === 'Opened') continue;
      journal.record(entry);
      if (++entries % FLUSH_EVERY === 0) await journal.flush();
    }
  } finally {
    await journal.close();
  }
  return entries;
};
const FLUSH_EVERY = 1_000;
