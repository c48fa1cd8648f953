import type { Decider, Decision, Message } from '@vouchsafe/kernel';
import { reject } from '@vouchsafe/kernel';
import type { StoreSpec, TerminalSpec } from './records.js';
import { type Versioned, versioned, type VersionedCommand, type VersionedEvent, type VersionedRejection } from './versioned.js';

/** A store and its tills: stream `store-<id>`. */
export type Store = {
  readonly store: Versioned<StoreSpec> | undefined;
  readonly terminals: readonly Versioned<TerminalSpec>[];
};
export type StoreCommand =
  | Message<'Store', { readonly command: VersionedCommand<StoreSpec> }>
  | Message<'Terminal', { readonly command: VersionedCommand<TerminalSpec> }>;
export type StoreEvent = VersionedEvent<'Store', StoreSpec> | VersionedEvent<'Terminal', TerminalSpec>;
export type StoreRejection = VersionedRejection | 'STORE_UNKNOWN';

const stores = versioned<'Store', StoreSpec>('Store', ['bookId', 'merchantId']);
const terminals = versioned<'Terminal', TerminalSpec>('Terminal', ['storeId']);

export const storeDecider: Decider<Store, StoreCommand, StoreEvent, StoreRejection> = {
  initial: { store: undefined, terminals: [] },
  decide: ({ type, command }, state): Decision<StoreEvent, StoreRejection> => {
    switch (type) {
      case 'Store': return stores.decide(command, state.store);
      case 'Terminal':
        if (!state.store) return reject('STORE_UNKNOWN', { id: command.spec.storeId });
        return terminals.decide(command, state.terminals.find(({ id }) => id === command.id));
    }
  },
  evolve: (state, event) => {
    switch (event.type) {
      case 'StoreCreated':
      case 'StoreRevised': return { ...state, store: stores.evolve(state.store, event) };
      case 'TerminalCreated':
      case 'TerminalRevised': {
        const old = state.terminals.find(({ id }) => id === event.id);
        return { ...state, terminals: [...state.terminals.filter((one) => one !== old), terminals.evolve(old, event)!] };
      }
    }
  },
};
