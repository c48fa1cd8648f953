import type { ServiceModule } from '@vouchsafe/runtime';
import { startModules, startOrder } from './module-order.js';

const noop = async (): Promise<void> => {};
const named = (name: string, needs: readonly string[] = [], start = noop, stop = noop): ServiceModule => ({ name, needs, start, stop });

it('starts what others need first', () => {
  const order = startOrder([named('order', ['inventory', 'ledger']), named('ledger'), named('inventory', ['catalog']), named('catalog')]);
  expect(order.map(({ name }) => name)).toEqual(['catalog', 'inventory', 'ledger', 'order']);
});
it('names the path of a cycle and who needs what is missing', () => {
  expect(() => startOrder([named('a', ['b']), named('b', ['a'])])).toThrow('a → b → a');
  expect(() => startOrder([named('a', ['z'])])).toThrow('a needs z');
});
it('stops in reverse, also after a failed start', async () => {
  const told: string[] = [];
  const teller = (name: string, needs: readonly string[] = [], start = async () => void told.push(`+${name}`)) =>
    named(name, needs, start, async () => void told.push(`-${name}`));
  await (await startModules([teller('b', ['a']), teller('a')]))();
  expect(told.splice(0)).toEqual(['+a', '+b', '-b', '-a']);
  const failing = teller('b', ['a'], async () => { throw new Error('no port'); });
  await expect(startModules([failing, teller('a')])).rejects.toThrow('no port');
  expect(told).toEqual(['+a', '-a']);
});
