import type { ClusterOptions } from '@vouchsafe/cluster';
import { compareLiveViews } from '../views.js';
import { sleep, type World } from '../world.js';

/** Points of a relay's work: read, but not sent; sent; acknowledged, but not checkpointed; checkpointed. */
const POINTS = ['read', 'sent', 'acked', 'checkpointed'] as const;
/** Who publishes with every order. It dies at every point, one life after the other. */
const RELAYS = ['order'] as const;
/** Publications of a life that ends so. */
const AFTER = 3;
const UNDER_LOAD_MS = 10_000;
const DEATHS_MAX_MS = 90_000;
const TURN_MS = 500;
const SERVICES = ['access', 'catalog', 'inventory', 'order', 'risk', 'fulfillment', 'redemption', 'ledger', 'insight'];
/** Thrice in all, the further ones late; three of ten late; one of a hundred never. */
const MISHAPS = { drop: 0.01, double: 1, again: 2, reorder: 0.3 };
const POISON = ['not JSON at all', '{"specversion":"1.0"}'] as const;

const variable = (more: object): Readonly<Record<string, string>> => ({ VOUCHSAFE_BUS_MISHAPS: JSON.stringify({ ...MISHAPS, ...more }) });

/** Every service sends thrice, out of order, and loses one in a hundred, on a real broker. */
export const mistoldCluster = (seed: number): Pick<ClusterOptions, 'environment'> => ({
  environment: (service) => (service === 'gateway' ? {} : variable({ seed: seed + SERVICES.indexOf(service) })),
});

/** Relays begin lives that end at a point of their work, and again; topics are poisoned; in the end everything is let through that was held back. */
export const mistold = async (world: World): Promise<Readonly<Record<string, number>>> => {
  const { cluster, plan, note } = world;
  const lives = RELAYS.map((name) => new Lives(world, name));
  for (const life of lives) await life.begin();
  let poisoned = 0;
  const from = Date.now();
  const isOver = (): boolean => Date.now() - from > UNDER_LOAD_MS * plan.rounds && (lives.every(({ deaths }) => deaths === POINTS.length) || Date.now() - from > DEATHS_MAX_MS);
  for (let turn = 0; !isOver(); turn++) {
    await sleep(TURN_MS);
    for (const life of lives) life.goOn();
    if (turn % 8 !== 4) continue;
    await cluster.poison(poisoned % 2 === 0 ? 'order' : 'inventory', POISON[poisoned % 2]!);
    poisoned++;
  }
  for (const life of lives) await life.stay();
  const deaths = lives.reduce((sum, life) => sum + life.deaths, 0);
  note(`${deaths} deaths at points of the relay's work; ${poisoned} messages poisoned`);
  await Promise.all(SERVICES.map((name) => cluster.ready(name)));
  for (const name of SERVICES) await world.child(name).signal('SIGUSR2');
  return { relay_deaths: deaths, poisoned };
};

/** A service whose lives end at one point of its relay's work after the other; the last one does not. */
class Lives {
  deaths = 0;
  constructor(readonly world: World, readonly name: (typeof RELAYS)[number]) {}

  async begin(): Promise<void> {
    await this.world.child(this.name).signal('SIGKILL');
    this.#next();
  }
  /** Begins the next life where one has ended. */
  goOn(): void {
    if (this.world.child(this.name).isAlive) return;
    this.deaths++;
    this.#next();
  }
  /** From now on it lives, also where it has not died at every point. */
  async stay(): Promise<void> {
    if (this.deaths >= POINTS.length) return;
    await this.world.child(this.name).signal('SIGKILL');
    this.world.child(this.name).start();
  }
  #next(): void {
    const at = POINTS[this.deaths];
    this.world.child(this.name).start(at ? variable({ seed: this.world.plan.seed + this.deaths, die: { at, after: AFTER } }) : {});
  }
}

/** Views are what the log makes of them, whatever became of messages. */
export const viewsEqualLog = async (world: World): Promise<readonly string[]> => (await compareLiveViews(world.store, world.views)).differences.slice(0, 10);
