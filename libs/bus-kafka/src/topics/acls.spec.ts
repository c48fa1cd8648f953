import { planRights } from './acls.js';
import { namesOf } from './names.js';
import { mayCommand, TOPOLOGY } from './topology.js';

describe('who may what on the bus', () => {
  const rights = planRights(TOPOLOGY, namesOf('live'));
  const writers = (topic: string): string[] => rights.filter(({ operation, name }) => operation === 'WRITE' && name === topic).map(({ principal }) => principal).toSorted();

  it('only the owner writes a context’s events', () => {
    for (const { name, publishes } of TOPOLOGY) expect([name, writers(`vouchsafe.live.${name}.events`)]).toEqual([name, publishes ? [`User:vouchsafe-${name}`] : []]);
  });
  it('only those who command or hear a context write to its commands', () => {
    expect(writers('vouchsafe.live.inventory.commands')).toEqual(['User:vouchsafe-inventory', 'User:vouchsafe-ledger', 'User:vouchsafe-order']);
  });
  it('and of those who hear it none may command it', () => {
    const may = mayCommand(TOPOLOGY);
    expect([may('order', 'inventory'), may('inventory', 'inventory'), may('ledger', 'inventory'), may('stranger', 'inventory')]).toEqual([true, true, false, false]);
  });
  it('no right is named twice, none reaches beyond our prefix, nothing is altered or deleted by a service', () => {
    expect(new Set(rights.map((right) => JSON.stringify(right))).size).toBe(rights.length);
    expect(rights.every(({ name, operation }) => name.startsWith('vouchsafe.live.') && ['READ', 'WRITE'].includes(operation))).toBe(true);
  });
});
