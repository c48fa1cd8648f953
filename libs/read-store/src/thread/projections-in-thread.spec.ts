import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedStore, type EmbeddedStore } from '@vouchsafe/event-store';
import { instant } from '@vouchsafe/kernel';
import { eventIdOf, memoryDisk, silentLog, systemClock } from '@vouchsafe/runtime';
import type { ReadStore } from '../port.js';
import { startProjections } from '../projections/runner.js';
import type { ProjectionRunner } from '../runner-port.js';
import { sqliteReadStore } from '../sqlite-read-store.js';

const dist = (name: string): string => join(__dirname, '..', '..', '..', name, 'dist', 'index.js');
const compiled = join(__dirname, '..', '..', 'dist', 'thread', 'views-worker.js');
const test = existsSync(compiled) ? it : it.skip; // the thread is there only where it is compiled: `npm run compile`
const AT = instant(1_760_000_000_000);

/** The definitions as the thread loads them: a tally per stream; an event `die` ends the thread once, `kill` while `poison` is there. */
const definitions = (died: string, poison: string): string => `
  const { appendFileSync, existsSync, writeFileSync } = require('node:fs');
  const { bind } = require(${JSON.stringify(dist('read-store'))});
  const codec = { decode: (type, data) => (type === 'till.Added.v1' ? { type: 'Added', ...data } : undefined), encode: () => { throw new Error('never'); } };
  const tally = {
    collection: { name: 'tally', indexes: [{ fields: ['sum'] }] }, idsOf: (event, { stream }) => [stream],
    apply: (value, event) => {
      if (event.name === 'die' && !existsSync(${JSON.stringify(died)})) { writeFileSync(${JSON.stringify(died)}, ''); process.exit(1); }
      if (event.name === 'kill' && existsSync(${JSON.stringify(poison)})) { appendFileSync(${JSON.stringify(died)}, '.'); process.exit(1); }
      if (event.name === 'refuse') throw new Error('cannot');
      return { sum: (value?.sum ?? 0) + event.amount };
    },
  };
  const other = { ...tally, collection: { name: 'other', indexes: [] } };
  exports.SERVICE_PROJECTIONS = { till: () => [bind(tally, codec, ['till'])], other: () => [bind(other, codec, ['till'])] };`;

describe('projections in the views\' thread', () => {
  let folder: string;
  let store: EmbeddedStore;
  let readStore: ReadStore;
  let runner: ProjectionRunner;
  let count = 0;
  const open = async (): Promise<void> => {
    readStore = sqliteReadStore({ file: join(folder, 'views.db'), log: silentLog, thread: compiled, projections: join(folder, 'definitions.cjs') });
    runner = await startProjections({ name: 'till', store, readStore, clock: systemClock(), log: silentLog, projections: [] });
  };
  const close = async (): Promise<void> => {
    await runner.stop();
    await readStore.close();
  };
  const add = async (stream: string, amount: number, name = ''): Promise<void> => {
    const expected = await store.revisionOf(stream);
    await store.append({ stream, expected, events: [{
      id: eventIdOf(`c-${count++}`, 0), type: 'till.Added.v1', data: { amount, name }, occurredAt: AT, correlation: stream, causation: 'c', principal: 'pri_x',
    }] });
  };
  const sumOf = async (stream: string) => (await (await readStore.collection<{ sum: number }>({ name: 'tally', indexes: [{ fields: ['sum'] }] })).get(stream))?.value.sum;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vouchsafe-views-'));
    writeFileSync(join(folder, 'definitions.cjs'), definitions(join(folder, 'died'), join(folder, 'poison')));
    store = await openEmbeddedStore({ disk: memoryDisk(), clock: systemClock(), log: silentLog, onFatal: (fault) => { throw fault; } });
    if (existsSync(compiled)) await open();
  });
  afterEach(async () => {
    if (existsSync(compiled)) await close();
    await store.close();
    rmSync(folder, { recursive: true });
  });

  test('are applied as the log grows, seen by who waits for them, and go on from their checkpoint', async () => {
    for (let i = 0; i < 50; i++) await add(`till-${i % 5}`, i);
    await add('other-1', 1_000);
    await runner.caughtUp();
    expect(await sumOf('till-3')).toBe(3 + 8 + 13 + 18 + 23 + 28 + 33 + 38 + 43 + 48);
    expect(runner.stats()).toMatchObject({ applied: 50, failing: undefined });
    await close();
    await add('till-3', 1);
    await open();
    await add('till-3', 1);
    expect(await runner.waitFor(store.head(), 10_000)).toBe(true);
    expect(await sumOf('till-3')).toBe(257);
    expect(runner.lag()).toMatchObject({ events: 0 });
  });

  test('are rebuilt beside the live ones and compared there', async () => {
    for (let i = 0; i < 50; i++) await add(`till-${i % 5}`, i);
    await runner.caughtUp();
    expect(await runner.rebuild('tally')).toEqual({ equal: true, documents: 5, differences: [] });
    await add('till-0', 1);
    await runner.caughtUp();
    expect(await sumOf('till-0')).toBe(0 + 5 + 10 + 15 + 20 + 25 + 30 + 35 + 40 + 45 + 1);
  });

  test('go on in a new thread where theirs dies, and nothing is lost or counted twice', async () => {
    await add('till-1', 1);
    await runner.caughtUp();
    await add('till-1', 2, 'die');
    await add('till-2', 3);
    const dead = await runner.waitFor(store.head(), 10_000);
    expect([true, false]).toContain(dead);
    for (let tries = 0; tries < 100 && !(await runner.waitFor(store.head(), 10_000)); tries++) await systemClock().sleep(20);
    expect(existsSync(join(folder, 'died'))).toBe(true);
    expect([await sumOf('till-1'), await sumOf('till-2')]).toEqual([3, 3]);
  });

  test('halt a document they fail on, tell its owner, and go on with others', async () => {
    await add('till-1', 1, 'refuse');
    await add('till-2', 2);
    await expect(runner.caughtUp()).rejects.toMatchObject({ code: 'DOCUMENT_HALTED' });
    expect(await sumOf('till-2')).toBe(2);
    expect(runner.halted()).toMatchObject([{ collection: 'tally', document: 'till-1', stream: 'till-1', revision: 0 }]);
  });

  test('end with the thread where nobody stopped them, each with its checkpoint', async () => {
    await startProjections({ name: 'other', store, readStore, clock: systemClock(), log: silentLog, projections: [] });
    for (let i = 0; i < 2; i++) {
      await add('till-1', 1);
      await runner.caughtUp();
    }
    await systemClock().sleep(200); // all quiet, the newest event behind no checkpoint yet
    await readStore.close();
    await open();
    await runner.caughtUp();
    expect([await sumOf('till-1'), runner.stats().applied]).toEqual([2, 0]);
  });

  test('are not started without end in threads that die at once, can be stopped all the same, and go on where that ends', async () => {
    writeFileSync(join(folder, 'poison'), '');
    await add('till-1', 1);
    await add('till-1', 2, 'kill');
    await systemClock().sleep(2_500);
    const deaths = readFileSync(join(folder, 'died'), 'utf8').length;
    expect(deaths).toBeGreaterThan(1);
    expect(deaths).toBeLessThan(6);
    for (let tries = 0; tries < 200 && runner.stats().failing === undefined; tries++) await systemClock().sleep(20);
    expect([runner.stats().failing, runner.lag().events]).toEqual([expect.stringContaining('died'), 1]);
    expect(await runner.waitFor(store.head(), 10)).toBe(false);
    await close();
    rmSync(join(folder, 'poison'));
    await open();
    await runner.caughtUp();
    expect([await sumOf('till-1'), runner.stats().failing]).toEqual([3, undefined]);
  });

  test('follow a log that has long been there, page by page', async () => {
    await close();
    rmSync(join(folder, 'views.db'));
    const BULK = 3_000;
    for (let i = 0; i < BULK; i++) await add(`till-${i % 7}`, 1);
    await open();
    await runner.caughtUp();
    let sum = 0;
    for (let i = 0; i < 7; i++) sum += (await sumOf(`till-${i}`)) ?? 0;
    expect(sum).toBe(BULK);
  });
});
