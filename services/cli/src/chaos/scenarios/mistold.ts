import type { ClusterOptions } from '@vouchsafe/cluster';
import { compareLiveViews } from '../views.js';
import { sleep, type World } from '../world.js';

/** Those who publish; each suffers mishaps, one after the other dies at a point of its relay's work. */
const RELAYS = ['order', 'inventory', 'ledger', 'redemption'] as const;
const POINTS = ['read', 'sent', 'acked', 'checkpointed'] as const;
const UNDER_LOAD_MS = 12_000;
const SERVICES = ['access', 'catalog', 'inventory', 'order', 'risk', 'fulfillment', 'redemption', 'ledger', 'insight'];
/** Thrice in all, the further ones late; three of ten late; one of a hundred never. */
const MISHAPS = { drop: 0.01, double: 1, again: 2, reorder: 0.3 };
const POISON = ['not JSON at all', '{"specversion":"1.0"}'] as const;

/** Every service sends thrice, out of order, and loses one in a hundred; four relays die, each at another point. */
export const mistoldCluster = (seed: number): Pick<ClusterOptions, 'environment'> => ({
  environment: (service): Readonly<Record<string, string>> => {
    const relay = RELAYS.findIndex((name) => name === service);
    const die = relay < 0 ? {} : { die: { at: POINTS[relay]!, after: 15 } };
    return service === 'gateway' ? {} : { VOUCHSAFE_BUS_MISHAPS: JSON.stringify({ seed: seed + relay, ...MISHAPS, ...die }) };
  },
});

/** Begins relays again as they die, poisons topics, and in the end lets everything through that was held back. */
export const mistold = async ({ cluster, plan, note }: World): Promise<Readonly<Record<string, number>>> => {
  const deaths = new Map<string, number>();
  let poisoned = 0;
  const end = Date.now() + UNDER_LOAD_MS * plan.rounds;
  for (let turn = 0; Date.now() < end; turn++) {
    await sleep(500);
    for (const name of RELAYS) {
      const child = cluster.processes.get(name)!;
      if (child.isAlive) continue;
      deaths.set(name, (deaths.get(name) ?? 0) + 1);
      // It dies once: begun again without its death.
      child.start({ VOUCHSAFE_BUS_MISHAPS: JSON.stringify({ seed: turn, ...MISHAPS }) });
    }
    if (turn % 8 === 4) {
      await cluster.poison(turn % 16 === 4 ? 'order' : 'inventory', POISON[poisoned % 2]!);
      poisoned++;
    }
  }
  note(`${deaths.size} relays died, ${poisoned} messages poisoned`);
  await Promise.all(SERVICES.map((name) => cluster.ready(name)));
  for (const name of SERVICES) await cluster.processes.get(name)!.signal('SIGUSR2');
  return { relays_died: deaths.size, poisoned };
};

/** Views are what the log makes of them, whatever became of messages. */
export const viewsEqualLog = async (world: World): Promise<readonly string[]> => (await compareLiveViews(world.store, world.views)).differences.slice(0, 10);
