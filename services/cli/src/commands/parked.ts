import { setTimeout as sleep } from 'node:timers/promises';
import { namespaceAlone, type PlatformConfig } from '@vouchsafe/all-in-one';
import type { ParkedMessage, ParkedStore, Retried } from '@vouchsafe/bus';
import { isFault } from '@vouchsafe/kernel';
import type { Log } from '@vouchsafe/runtime';
import { CommandFailure, EXIT } from '../speech.js';
import { type ParkedPlace, withStores } from './parked-stores.js';

const POLL_MS = 200;
const WAIT_MS = 30_000;
/** More than anybody decides about one by one. */
const COUNTED_MAX = 100_000;

/** Parked messages of a namespace, the oldest of each service first; of a running platform too. Nothing changes. */
export const listParked = (place: ParkedPlace, options: { readonly group?: string; readonly limit: number }): Promise<readonly ParkedMessage[]> =>
  withStores(place, { toRead: true }, async (stores) => (await Promise.all(stores.map((store) => store.list(options)))).flat().slice(0, options.limit));

type Decided = { readonly place: ParkedPlace; /** Of the one process: to run its services here where it is stopped. */ readonly config?: PlatformConfig; readonly log: Log; readonly waitMs?: number };

/**
 * Handles a parked message again, or gives it up, and all that waits behind it. Where the platform runs, the decision is noted and the
 * process that has the message carries it out; where the one process is stopped, its services run here meanwhile, without the door.
 */
export const dealWith = async (what: 'retry' | 'drop', id: string, { place, config, log, waitMs = WAIT_MS }: Decided): Promise<Retried> => {
  const known = await withStores(place, { toRead: true }, async (stores) => (await Promise.all(stores.map((store) => store.get(id)))).some((message) => message !== undefined));
  if (!known) throw new CommandFailure(EXIT.refused, `没有滞留消息 ${id}（vouchsafe parked list 可列出）`, `no message ${id} is parked (vouchsafe parked list shows them)`);
  return (config && (await whileStopped(what, id, config, place, log))) ?? withStores(place, { toRead: false }, (stores) => noted(stores, what, id, waitMs));
};

/** Undefined where the platform runs. */
const whileStopped = async (what: 'retry' | 'drop', id: string, config: PlatformConfig, { namespace }: ParkedPlace, log: Log): Promise<Retried | undefined> => {
  try {
    const running = await namespaceAlone({ config, log, onFatal: (fault) => { throw fault; } }, namespace);
    try {
      return await running.bus.parking[what](id);
    } finally {
      await running.stop();
    }
  } catch (error) {
    if (isFault(error) && error.code === 'DIRECTORY_IN_USE') return undefined;
    throw error;
  }
};

/** Notes the decision where the message is kept, and waits until it was carried out. */
const noted = async (stores: readonly ParkedStore[], what: 'retry' | 'drop', id: string, waitMs: number): Promise<Retried> => {
  for (const store of stores) {
    const message = await store.get(id);
    if (!message) continue;
    const { group, target } = message;
    const waiting = async (): Promise<number> => (await store.list({ group, target, limit: COUNTED_MAX })).length;
    const before = await waiting();
    await store.decide(id, what);
    const refused = await carriedOut(store, id, waitMs);
    const gone = before - (await waiting());
    return { handled: what === 'drop' ? Math.max(0, gone - 1) : gone, ...(refused !== undefined && { error: refused }) };
  }
  return { handled: 0 }; // dealt with by somebody else in the meantime
};

/** Why it was not, if it was not. */
const carriedOut = async (store: ParkedStore, id: string, waitMs: number): Promise<string | undefined> => {
  for (let waited = 0; waited < waitMs; waited += POLL_MS) {
    if (!(await store.get(id))) return undefined;
    const decision = await store.decision(id);
    if (decision?.refused !== undefined) return decision.refused;
    await sleep(POLL_MS);
  }
  throw new CommandFailure(EXIT.unavailable, '决定已记下，但还没有进程执行它：该服务在运行吗？它启动后会执行', 'the decision is noted, but nobody has carried it out yet: does its service run? It will once it does');
};
