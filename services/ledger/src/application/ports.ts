import type { Bus } from '@vouchsafe/bus';
import type { EventStore } from '@vouchsafe/event-store';
import type { ReadStore } from '@vouchsafe/read-store';
import type { Rpc } from '@vouchsafe/rpc';
import type { Clock, Figures, Ids, Log, Namespace, Random, Timers } from '@vouchsafe/runtime';
import type { BookTerms } from './calendar.js';

/** What the ledger is given; it sees nothing else. */
export type LedgerPorts = {
  readonly namespace: Namespace; readonly store: EventStore; readonly bus: Bus; readonly readStore: ReadStore; readonly rpc: Rpc;
  readonly clock: Clock; readonly random: Random; readonly ids: Ids; readonly timers: Timers; readonly log: Log;
  /** What operation is told. */
  readonly figures?: Figures;
};

export type PartnerTerms = { readonly commissionBp: number; readonly commissionTaxBp: number };
/** What the ledger asks the catalogue. Undefined: there is no such thing. Each throws a Fault while the catalogue is silent. */
export interface Catalogue {
  bookTerms(bookId: string): Promise<BookTerms | undefined>;
  channelBook(channelId: string): Promise<string | undefined>;
  partnerTerms(terminalId: string): Promise<PartnerTerms | undefined>;
}
/** Whether an order lets go of its hold; `keep` also when it is not known. */
export type HoldVerdicts = (orderId: string) => Promise<'release' | 'keep' | 'unknown'>;
