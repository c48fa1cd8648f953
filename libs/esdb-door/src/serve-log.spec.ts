import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { NO_STREAM } from '@vouchsafe/event-store';
import { openEsdbStore } from '@vouchsafe/event-store-esdb';
import { anAppend, readToEnd } from '@vouchsafe/event-store/testing';
import { silentLog, systemClock } from '@vouchsafe/runtime';
import { serveLog } from './serve-log.js';

describe('a log served to several processes', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'served-log-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const serve = (port = 0) => serveLog({ folder: path.join(folder, 'log'), port, log: silentLog, onFatal: (fault) => { throw fault; } });
  const open = (connectionString: string) => openEsdbStore({ connectionString, clock: systemClock(), log: silentLog });

  it('is written by several, kept on the disk, and belongs to one process', async () => {
    const first = await serve();
    const [one, two] = [await open(first.url), await open(first.url)];
    await one.append(anAppend('order-1', NO_STREAM, 'one'));
    await two.append(anAppend('order-1', 0, 'two'));
    await expect(serve()).rejects.toMatchObject({ code: 'DIRECTORY_IN_USE' });
    await one.close();
    await two.close();
    await first.close();
    const again = await serve();
    const three = await open(again.url);
    expect((await readToEnd(three)).map(({ data }) => data)).toEqual([{ name: 'one/0' }, { name: 'two/0' }]);
    expect(three.epoch).toBeGreaterThan(one.epoch);
    await three.close();
    await again.close();
  });
});
