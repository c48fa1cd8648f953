import type { ParkedMessage } from './port.js';

/** How many messages are parked, and how many targets stand still for it. */
export type ParkedCount = { readonly messages: number; readonly halted: number };

/**
 * What a person decided about a parked message, from outside the process that has its target. `refused`: why it could not be carried
 * out, or still stands; absent as long as it waits.
 */
export type Decision = { readonly id: string; readonly what: 'retry' | 'drop'; readonly refused?: string };

/**
 * Keeps parked messages. They are not rebuildable (their errors and order are known only here), so a durable adapter has a
 * small file of its own. Bounded by what the bus parks.
 */
export interface ParkedStore {
  /** Adds a message behind those of its target, or replaces the one with its id in its place. Durable once settled. */
  put(message: ParkedMessage): Promise<void>;
  get(id: string): Promise<ParkedMessage | undefined>;
  /** Messages in the order they were parked; of one target, if given. */
  list(options: { readonly group?: string; readonly target?: string; readonly limit: number }): Promise<readonly ParkedMessage[]>;
  /** Those that halt their target. */
  heads(): Promise<readonly ParkedMessage[]>;
  /** All messages, and those of them that halt their target. */
  count(): Promise<ParkedCount>;
  /** May be called twice. */
  remove(id: string): Promise<void>;
  /** Notes a decision, instead of any before. False where no such message is parked. */
  decide(id: string, what: Decision['what']): Promise<boolean>;
  /** Those that wait to be carried out. */
  decisions(): Promise<readonly Decision[]>;
  decision(id: string): Promise<Decision | undefined>;
  /** Forgets a decision, or notes why it was not carried out. Nothing where there is none. */
  settle(id: string, refused?: string): Promise<void>;
  close(): Promise<void>;
}

/** Forgets with the process: for tests, and where commands and events can all be asked for again. */
export const memoryParkedStore = (): ParkedStore => {
  const messages = new Map<string, ParkedMessage>();
  const decisions = new Map<string, Decision>();
  return {
    put: async (message) => void messages.set(message.id, message),
    get: async (id) => messages.get(id),
    list: async ({ group, target, limit }) =>
      [...messages.values()].filter((m) => (group === undefined || m.group === group) && (target === undefined || m.target === target)).slice(0, limit),
    heads: async () => [...messages.values()].filter(({ behind }) => !behind),
    count: async () => ({ messages: messages.size, halted: [...messages.values()].filter(({ behind }) => !behind).length }),
    remove: async (id) => {
      messages.delete(id);
      decisions.delete(id);
    },
    decide: async (id, what) => {
      if (messages.has(id)) decisions.set(id, { id, what });
      return messages.has(id);
    },
    decisions: async () => [...decisions.values()].filter(({ refused }) => refused === undefined),
    decision: async (id) => decisions.get(id),
    settle: async (id, refused) => {
      const decision = decisions.get(id);
      if (decision && refused !== undefined) decisions.set(id, { ...decision, refused });
      else decisions.delete(id);
    },
    close: async () => {},
  };
};
