import { systemClock, silentLog } from '@vouchsafe/runtime';
import { CommandDesk } from './command-desk.js';
import { memoryParkedStore } from './parked-store.js';
import type { CommandMessage, Outcome } from './port.js';

const command = (id: string): CommandMessage => ({
  id, target: 'ledger', key: 'account-1', namespace: 'live', body: {}, principal: 'pri_x', correlation: 'ord_1', sentAt: systemClock().now(),
});
const yes = ({ id }: CommandMessage): Outcome => ({ commandId: id, ok: true, result: {} });

it('commands that may overlap are begun in the order they came, also of one key; each is answered when it is done', async () => {
  const desk = new CommandDesk({ clock: systemClock(), log: silentLog, parked: memoryParkedStore() });
  const begun: string[] = [];
  const first = Promise.withResolvers<void>();
  desk.serve('ledger', async (message) => {
    begun.push(message.id);
    if (message.id === 'a1') await first.promise;
    return yes(message);
  }, { overlapping: true });
  const [a1, ...others] = ['a1', 'a2', 'a3'].map(async (id) => desk.ask(command(id), 30_000));
  expect((await Promise.all(others)).map(({ commandId }) => commandId)).toEqual(['a2', 'a3']);
  expect(begun).toEqual(['a1', 'a2', 'a3']);
  first.resolve();
  expect(await a1).toMatchObject({ commandId: 'a1', ok: true });
  await desk.stop();
});
