import { instant } from '@vouchsafe/kernel';
import { type Disk, memoryDisk, silentLog, simulatedClock } from '@vouchsafe/runtime';
import type { JournalEntry } from './entry.js';
import { type Journal, openJournal } from './journal.js';

const clock = simulatedClock(instant(1_790_000_000_000));
const open = (disk: Disk, deploymentId = 'dep_1', epoch = 1): Promise<Journal> =>
  openJournal({ disk, namespace: 'live', deploymentId, epoch, clock, log: silentLog });
const erased = (id: string): JournalEntry => ({ type: 'Erased', kind: 'batch', id, principal: 'pri_1', reason: 'end of contract' });
const idsOf = async (journal: Journal): Promise<string[]> => {
  const ids: string[] = [];
  for await (const { entry } of journal.read()) if (entry.type === 'Erased') ids.push(entry.id);
  return ids;
};

it('keeps entries over a restart, each with the epoch it was made in', async () => {
  const disk = memoryDisk();
  const first = await open(disk);
  first.record(erased('bat_1'));
  await first.flush();
  await first.close();
  const second = await open(disk, 'dep_1', 2);
  second.record(erased('bat_2'));
  const epochs: number[] = [];
  for await (const { entry, epoch } of second.read()) if (entry.type === 'Erased') epochs.push(epoch);
  expect(epochs).toEqual([1, 2]);
});

it.each([0, 0.999])('has on the disk what was flushed, whatever a power cut takes (%s)', async (dice) => {
  const disk = memoryDisk();
  const journal = await open(disk);
  for (let i = 0; i < 3; i++) {
    journal.record(erased(`bat_${i}`));
    await journal.flush();
  }
  journal.record(erased('bat_never asked for'));
  const found = disk.crash(() => dice);
  expect(await idsOf(await open(found))).toEqual(['bat_0', 'bat_1', 'bat_2']);
});

it('shares a flush among all who ask meanwhile, and none of them is answered too early', async () => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  let hold = false;
  const disk = memoryDisk({ before: ({ kind }) => (hold && kind === 'write' ? held : undefined) });
  const journal = await open(disk);
  const before = disk.counts.write;
  hold = true;
  const answered: number[] = [];
  const asked = Array.from({ length: 100 }, async (_, i) => {
    journal.record(erased(`bat_${i}`));
    await journal.flush();
    answered.push(i);
  });
  await Promise.resolve();
  journal.record(erased('bat_late'));
  const late = journal.flush();
  expect(answered).toEqual([]);
  hold = false;
  release();
  await Promise.all([...asked, late]);
  expect(disk.counts.write - before).toBeLessThanOrEqual(2);
  expect(await idsOf(journal)).toHaveLength(101);
  await journal.close();
});

it('cuts a torn tail and goes on behind it', async () => {
  const disk = memoryDisk();
  const first = await open(disk);
  first.record(erased('bat_1'));
  first.record(erased('bat_2'));
  await first.flush();
  const file = await disk.open('journal-of-the-irrevocable', 'write');
  const bytes = Buffer.alloc(await file.size());
  await file.read(bytes, 0);
  const last = bytes.indexOf('bat_2');
  await file.write(Buffer.alloc(200), last);
  const second = await open(disk);
  second.record(erased('bat_3'));
  expect(await idsOf(second)).toEqual(['bat_1', 'bat_3']);
});

it('refuses a journal that was damaged in its middle, and says where', async () => {
  const disk = memoryDisk();
  const first = await open(disk);
  for (let i = 0; i < 50; i++) first.record(erased(`bat_${i}`));
  await first.flush();
  const file = await disk.open('journal-of-the-irrevocable', 'write');
  const bytes = Buffer.alloc(await file.size());
  await file.read(bytes, 0);
  const at = bytes.indexOf('bat_7');
  await file.write(Buffer.from([bytes[at]! ^ 1]), at);
  await expect(open(disk)).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED', message: expect.stringMatching(/at byte \d+/) });
});

it('refuses the journal of another deployment', async () => {
  const disk = memoryDisk();
  await (await open(disk)).close();
  await expect(open(disk, 'dep_2')).rejects.toMatchObject({ code: 'JOURNAL_FOREIGN' });
});

it('refuses while the disk is full, and loses nothing once it is not', async () => {
  const disk = memoryDisk();
  const journal = await open(disk);
  for (let i = 0; i < 50_000; i++) journal.record(erased(`bat_${i}`));
  disk.setCapacity(5 << 20);
  await expect(journal.flush()).rejects.toMatchObject({ code: 'JOURNAL_FULL', retryable: true });
  journal.record(erased('bat_last'));
  disk.setCapacity(1 << 30);
  await journal.flush();
  await journal.close();
  const ids = await idsOf(await open(disk));
  expect([ids.length, ids[0], ids[ids.length - 1]]).toEqual([50_001, 'bat_0', 'bat_last']);
});

it('answers nobody after a failed flush', async () => {
  const disk = memoryDisk();
  const journal = await open(disk);
  const failing = await openJournal({
    disk: { ...bound(disk), open: async (name, mode) => ({ ...boundFile(await disk.open(name, mode)), write: () => Promise.reject(new Error('EIO')) }) },
    file: 'other', namespace: 'live', deploymentId: 'dep_1', epoch: 1, clock, log: silentLog,
  }).catch((error: unknown) => error);
  expect(failing).toMatchObject({ code: 'JOURNAL_FAILED' });
  await journal.close();
});
const bound = (disk: Disk): Disk => ({
  open: (name, mode) => disk.open(name, mode), list: (folder) => disk.list(folder), exists: (name) => disk.exists(name), remove: (name) => disk.remove(name),
  rename: (from, to) => disk.rename(from, to), makeFolder: (folder) => disk.makeFolder(folder), syncFolder: (folder) => disk.syncFolder(folder),
  freeBytes: () => disk.freeBytes(), lock: (name) => disk.lock(name),
});
const boundFile = (file: Awaited<ReturnType<Disk['open']>>): typeof file => ({
  read: (into, offset) => file.read(into, offset), write: (bytes, offset) => file.write(bytes, offset), sync: () => file.sync(),
  allocate: (size) => file.allocate(size), truncate: (size) => file.truncate(size), size: () => file.size(), close: () => file.close(),
});
