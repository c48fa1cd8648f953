import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { namespaceAlone, type PlatformConfig } from '@vouchsafe/all-in-one';
import { type ParkedMessage, sqliteParkedStore } from '@vouchsafe/bus';
import { instant } from '@vouchsafe/kernel';
import { silentLog } from '@vouchsafe/runtime';
import { EXIT } from '../speech.js';
import { dealWith, listParked } from './parked.js';
import type { ParkedPlace } from './parked-stores.js';
import { configOf } from './up.js';

const command: ParkedMessage = {
  id: 'commands/cmd-1', group: 'commands', target: 'cmd-1', error: 'Error: a bug', attempts: 3, parkedAt: instant(1_700_000_000_000),
  message: { id: 'cmd-1', target: 'inventory', key: 'prd_x', namespace: 'sandbox', body: { name: 'Nonsense', data: {} }, principal: 'pri_x', correlation: 'ord_x', sentAt: 1_700_000_000_000 },
};
const event = (pub: number, behind: boolean): ParkedMessage => ({
  id: `ledger-inventory/e${pub}`, group: 'ledger-inventory', target: 'pool-prd_x', error: 'Error: a bug', attempts: 5, parkedAt: instant(1_700_000_000_000), ...(behind && { behind }),
  message: {
    id: `e${pub}`, context: 'inventory', type: 'inventory.Unheard.v1', stream: 'pool-prd_x', pub, data: {}, occurredAt: 1, recordedAt: 1, correlation: 'c', causation: 'c', principal: 'pri_x',
  },
});

describe('parked messages of a stopped platform', () => {
  let root: string;
  let config: PlatformConfig;
  beforeEach(async () => {
    root = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-parked-'));
    config = configOf({}, { VOUCHSAFE_NAMESPACES: 'sandbox', VOUCHSAFE_DATA: path.join(root, 'data'), VOUCHSAFE_KEYS: path.join(root, 'keys'), VOUCHSAFE_JOURNAL: path.join(root, 'journal') });
    mkdirSync(path.join(root, 'data', 'sandbox'), { recursive: true });
    const store = sqliteParkedStore(path.join(root, 'data', 'sandbox', 'parked.sqlite'));
    for (const message of [command, event(1, false), event(2, true)]) await store.put(message);
    await store.close();
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const ids = async (group?: string): Promise<readonly string[]> => (await listParked(place(), { limit: 10, ...(group && { group }) })).map(({ id }) => id);
  const deal = (what: 'retry' | 'drop', id: string) => dealWith(what, id, { place: place(), config, log: silentLog });
  const place = (): ParkedPlace => ({ data: config.VOUCHSAFE_DATA, namespace: 'sandbox' });

  it('are listed without anything being started', async () => {
    expect(await ids()).toEqual([command.id, 'ledger-inventory/e1', 'ledger-inventory/e2']);
    expect(await ids('commands')).toEqual([command.id]);
    await expect(listParked({ ...place(), namespace: 'live' }, { limit: 1 })).rejects.toMatchObject({ exit: EXIT.data });
  });

  it('are handled again by the services themselves, with what waits behind them', async () => {
    expect(await deal('retry', command.id)).toEqual({ handled: 1 });
    expect(await deal('retry', 'ledger-inventory/e1')).toEqual({ handled: 2 });
    expect(await ids()).toEqual([]);
  }, 20_000);

  it('are given up one by one; their stream goes on', async () => {
    expect(await deal('drop', command.id)).toEqual({ handled: 0 });
    expect(await deal('drop', 'ledger-inventory/e1')).toEqual({ handled: 1 });
    expect(await ids()).toEqual([]);
  }, 20_000);

  it('are dealt with by the platform that runs, when a command says so', async () => {
    const running = await namespaceAlone({ config, log: silentLog, onFatal: (fault) => { throw fault; } }, 'sandbox');
    try {
      expect(await deal('drop', command.id)).toEqual({ handled: 0 });
      expect(await deal('retry', 'ledger-inventory/e2')).toMatchObject({ handled: 2 });
      expect(await ids()).toEqual([]);
    } finally {
      await running.stop();
    }
  }, 60_000);

  it('stay decided until somebody carries it out', async () => {
    await expect(dealWith('drop', command.id, { place: place(), log: silentLog, waitMs: 400 })).rejects.toMatchObject({ exit: EXIT.unavailable });
    const store = sqliteParkedStore(path.join(root, 'data', 'sandbox', 'parked.sqlite'));
    expect(await store.decisions()).toEqual([{ id: command.id, what: 'drop' }]);
    await store.close();
  });

  it('start nothing where there is no such message', async () => {
    await expect(deal('drop', 'commands/other')).rejects.toMatchObject({ exit: EXIT.refused });
  });
});
