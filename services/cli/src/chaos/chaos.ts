import { CommandFailure, EXIT, type Speech } from '../speech.js';
import { type Scenario, SCENARIOS } from './scenarios.js';
import { isClean, type Verdict, verdictOf } from './verdict.js';
import { type Plan, World } from './world.js';

const READY_MS = 240_000;
const WARM_UP_MS = 2_000;
const AGAIN_MS = 1_000;
/** A look that fails is tried so often, also when the time is over. */
const LOOKS_MIN = 10;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export type Told = { readonly scenario: number } & Verdict & { readonly figures: Readonly<Record<string, number>>; readonly wrong: readonly string[]; readonly seconds: number };

/** Runs scenarios one after the other, each on a cluster of its own, and prints a line of JSON for each. */
export const chaos = async (speech: Speech, which: string, plan: Plan): Promise<number> => {
  const { t, note, say } = speech;
  const chosen = chosenOf(which);
  let broken = 0;
  for (const scenario of chosen) {
    note(t(`场景 ${scenario.number}：${scenario.zh}`, `scenario ${scenario.number}: ${scenario.en}`));
    const told = await perform(scenario, plan, (zh, en) => note(t(zh, en)));
    for (const example of [...told.examples, ...told.wrong]) note(`✘ ${example}`);
    say(JSON.stringify(told));
    if (!isRight(told)) broken++;
  }
  return broken > 0 ? EXIT.refused : EXIT.ok;
};

const isRight = (verdict: Verdict & { readonly wrong: readonly string[] }): boolean => isClean(verdict) && verdict.wrong.length === 0;

const chosenOf = (which: string): readonly Scenario[] => {
  if (which === 'all') return SCENARIOS;
  const scenario = SCENARIOS.find(({ number }) => String(number) === which);
  if (scenario) return [scenario];
  const known = SCENARIOS.map(({ number }) => number).join(', ');
  throw new CommandFailure(EXIT.usage, `没有场景 ${which}；可选 all, ${known}`, `there is no scenario ${which}; there are all, ${known}`);
};

/** One scenario on a cluster of its own: load, harm, rest, audit. */
export const perform = async (scenario: Scenario, plan: Plan, note: (zh: string, en: string) => void): Promise<Told> => {
  const began = performance.now();
  const harm = scenario.harm(plan.seed);
  const world = await World.open(plan, note, harm.cluster);
  try {
    const { load, cluster, acks } = world;
    load.begin(plan.rate);
    await sleep(WARM_UP_MS);
    const figures = await harm.run(world);
    const lastFault = performance.now();
    await Promise.all([...cluster.processes.keys()].filter((name) => name !== 'event-store' && world.child(name).isAlive).map((name) => settled(cluster.ready(name), READY_MS)));
    const readyMs = Math.round(performance.now() - lastFault);
    const left = (): number => Math.max(0, plan.patienceMs - (performance.now() - lastFault));
    const stuck = await load.end(left());
    acks.flush();
    const endedMs = Math.round(performance.now() - lastFault);
    // Entries and views follow their facts: looked at until all is well, or the time is over.
    const look = async (): Promise<Verdict & { readonly wrong: readonly string[] }> => ({ ...(await verdictOf(world.store, world.clients, load, { acks, stuck })), wrong: [...world.dead.map((name) => `${name} is not running`), ...((await harm.after?.(world)) ?? [])] });
    // Whoever looks on a busy machine may be refused for a moment, too: that is no verdict.
    const looked = async (): Promise<Awaited<ReturnType<typeof look>>> => {
      for (let tries = 1; ; tries++) {
        try {
          return await look();
        } catch (error) {
          if (left() <= 0 && tries >= LOOKS_MIN) throw error;
          note(`无法核对，再试：${String(error)}`, `cannot look, tried again: ${String(error)}`);
          await sleep(AGAIN_MS);
        }
      }
    };
    let verdict = await looked();
    while (!isRight(verdict) && left() > 0) {
      await sleep(AGAIN_MS);
      verdict = await looked();
    }
    for (const [words, times] of load.refusals) note(`  ${times} × ${words}`, `  ${times} × ${words}`);
    return {
      scenario: scenario.number, ...verdict, seconds: Math.round((performance.now() - began) / 1_000),
      figures: { orders: load.placed, ready_ms: readyMs, ended_ms: endedMs, impatient: load.failed.length, parked: await world.sum('vouchsafe_parked_messages'), ...figures },
    };
  } finally {
    await world.close();
    await harm.close?.();
  }
};

const settled = async (work: Promise<void>, ms: number): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => { timer = setTimeout(() => reject(new Error(`not ready after ${ms} ms`)), ms); });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
};
