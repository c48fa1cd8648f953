import { memoryParkedStore } from '@vouchsafe/bus';
import { silentLog, systemClock } from '@vouchsafe/runtime';
import { Forged } from './forged.js';

it('a forged command that comes again after a rebalance is one forged command', async () => {
  const parked = memoryParkedStore();
  const forged = new Forged({ parked, clock: systemClock(), log: silentLog });
  const come = (partition: number, offset: string) => forged.park({ topic: 't', partition, offset, key: 'k', value: '{}', headers: {} }, 'nobody signed it');
  for (const [partition, offset] of [[0, '7'], [0, '8'], [1, '7'], [0, '7'], [0, '8'], [0, '9']] as const) await come(partition, offset);
  expect([forged.count, (await parked.count()).messages]).toEqual([4, 4]);
});
