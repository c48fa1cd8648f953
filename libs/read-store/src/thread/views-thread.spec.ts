import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@vouchsafe/runtime';
import { sqliteReadStore } from '../sqlite-read-store.js';

const compiled = join(__dirname, '..', '..', 'dist', 'thread', 'views-worker.js');
const test = existsSync(compiled) ? it : it.skip; // the thread is there only where it is compiled: `npm run compile`

describe('the views\' thread', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'vouchsafe-writer-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  test('that dies fails what it had not answered, and is started again', async () => {
    const [died, script] = [join(folder, 'died'), join(folder, 'writer.cjs')];
    writeFileSync(script, `
      const { existsSync, writeFileSync } = require('node:fs');
      if (existsSync(${JSON.stringify(died)})) require(${JSON.stringify(compiled)});
      else require('node:worker_threads').parentPort.on('message', () => { writeFileSync(${JSON.stringify(died)}, ''); process.exit(1); });`);
    const store = sqliteReadStore({ file: join(folder, 'views.db'), log: silentLog, thread: script });
    const spec = { name: 'card', indexes: [] };
    const settled = await Promise.allSettled([store.collection(spec), store.collection({ ...spec, name: 'other' })]);
    expect(settled.map((one) => one.status === 'rejected' && (one.reason as unknown))).toEqual([
      expect.objectContaining({ code: 'READ_STORE_FAILED', retryable: true }), expect.objectContaining({ code: 'READ_STORE_FAILED', retryable: true }),
    ]);
    const cards = await store.collection<{ at: number }>(spec);
    await cards.write([{ id: 'a', value: { at: 1 }, revisions: { s: 0 } }]);
    expect((await cards.get('a'))?.value).toEqual({ at: 1 });
    await store.close();
  });

  test('takes many writes at once: one that is wrong fails alone, the others are all there', async () => {
    const store = sqliteReadStore({ file: join(folder, 'views.db'), log: silentLog, thread: compiled });
    const cards = await store.collection<{ at: number }>({ name: 'card', indexes: [{ fields: ['at'] }] });
    const gone = await store.collection<{ at: number }>({ name: 'gone', indexes: [] });
    await store.dropCollection('gone');
    const writes = Array.from({ length: 300 }, (_, i) => (i % 10 === 7 ? gone : cards).write([{ id: `d${i}`, value: { at: i }, revisions: { s: 0 } }]));
    const settled = await Promise.allSettled(writes);
    expect(settled.map(({ status }, i) => (status === 'rejected') === (i % 10 === 7)).every(Boolean)).toBe(true);
    expect(await cards.count()).toBe(270);
    await store.close();
  });
});
