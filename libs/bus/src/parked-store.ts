import type { ParkedMessage } from './port.js';

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
  /** May be called twice. */
  remove(id: string): Promise<void>;
  close(): Promise<void>;
}

/** Forgets with the process: for tests, and where commands and events can all be asked for again. */
export const memoryParkedStore = (): ParkedStore => {
  const messages = new Map<string, ParkedMessage>();
  return {
    put: async (message) => void messages.set(message.id, message),
    get: async (id) => messages.get(id),
    list: async ({ group, target, limit }) =>
      [...messages.values()].filter((m) => (group === undefined || m.group === group) && (target === undefined || m.target === target)).slice(0, limit),
    heads: async () => [...messages.values()].filter(({ behind }) => !behind),
    remove: async (id) => void messages.delete(id),
    close: async () => {},
  };
};
