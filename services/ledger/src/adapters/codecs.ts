import { amount, big, type EventCodec, type EventSpecs, eventCodec, int, type Json, millis, oneOf, optional, record, type Shape, text } from '@vouchsafe/codec';
import type { Of } from '@vouchsafe/kernel';
import type { AccountEvent } from '../domain/account-types.js';
import type { LedgerEvent } from '../projections/ledger-event.js';
import type { BookEvent } from '../domain/book.js';
import type { JournalEvent } from '../domain/journal.js';
import type { Period, Segment } from '../domain/period.js';
import type { AccountOpened, ReferenceClaimed } from '../domain/registers.js';
import { entryShape, withOrder, withoutOrder } from './entry-shape.js';
import { carriedHolds, idSet } from './hold-shape.js';

const segment = text<Segment>();
const month = text<Period>();
const mode = oneOf('prepaid', 'credit');
const identity = { accountId: text(), bookId: text(), channelId: text(), mode, currency: text() };
const terms = { zone: text(), cutOffMinute: int };
const chained = { segment, previous: optional(segment), ordinal: int, closedThrough: optional(month), postedUpTo: millis };

type Held = Omit<Of<AccountEvent, 'FundsHeld'>, 'type'>;
const held = record({ holdId: text(), orderId: text(), channelId: text(), minor: big, notAfter: millis, expiresAt: millis, at: millis });
/** Written with every order, and so by hand: ids that begin with the order's are shortened. */
const fundsHeld: Shape<Held> = {
  write: ({ holdId, orderId, channelId, minor, notAfter, expiresAt, at }) =>
    ({ holdId: withoutOrder(holdId, orderId), orderId, channelId, minor: minor.toString(), notAfter, expiresAt, at }),
  read: (json, path) => {
    const event = held.read(json, path);
    return { ...event, holdId: withOrder(event.holdId, event.orderId) };
  },
};

type Captured = Omit<Of<AccountEvent, 'FundsCaptured'>, 'type'>;
const captured = record({ holdId: text(), final: optional(oneOf('no')), rest: optional(big), fingerprint: int, entry: entryShape, at: optional(millis) });
/** `final` is left out where it is so, `rest` where it is zero, `at` where it is the time it occurred. */
const fundsCaptured: Shape<Captured> = {
  write: ({ holdId, final, rest, fingerprint, entry, at }) => {
    const out: Record<string, Json> = { holdId: withoutOrder(holdId, entry.orderId) };
    if (!final) out['final'] = 'no';
    if (rest !== 0n) out['rest'] = rest.toString();
    out['fingerprint'] = fingerprint;
    out['entry'] = entryShape.write(entry);
    if (at !== entry.occurredAt) out['at'] = at;
    return out;
  },
  read: (json, path) => {
    const { holdId, final, rest, fingerprint, entry, at } = captured.read(json, path);
    return { holdId: withOrder(holdId, entry.orderId), final: final === undefined, rest: rest ?? 0n, fingerprint, entry, at: at ?? entry.occurredAt };
  },
};

const entryPosted = { version: 1, shape: record({ fingerprint: int, entry: entryShape, at: millis }) };

/** Events of `account-<id>_<segment>`. */
const accountSpecs: EventSpecs<AccountEvent> = {
  PeriodOpened: { version: 1, shape: record({ ...identity, ...chained, posted: big, credit: big, creditVersion: int, at: millis }) },
  HoldsCarried: { version: 1, shape: record({ holds: carriedHolds, at: millis }) },
  ClosedHoldsCarried: { version: 1, shape: record({ until: millis, ids: idSet, at: millis }) },
  FundsHeld: { version: 1, shape: fundsHeld },
  FundsCaptured: { version: 1, shape: fundsCaptured },
  FundsReleased: { version: 1, shape: record({ holdId: text(), minor: big, reason: text(), at: millis }) },
  HoldForestalled: { version: 1, shape: record({ holdId: text(), notAfter: millis, reason: text(), at: millis }) },
  HoldProlonged: { version: 1, shape: record({ holdId: text(), expiresAt: millis, at: millis }) },
  EntryPosted: entryPosted,
  CreditLimitChanged: { version: 1, shape: record({ minor: big, version: int, at: millis }) },
  PeriodClosed: {
    version: 1,
    shape: record({ next: segment, closedThrough: optional(month), posted: big, held: big, credit: big, openHolds: int, at: millis }),
  },
};

/** Events of `journal-<book>_<shard>_<segment>`. */
const journalSpecs: EventSpecs<JournalEvent> = {
  JournalOpened: { version: 1, shape: record({ bookId: text(), shard: int, ...chained, at: millis }) },
  EntryPosted: entryPosted,
  JournalClosed: { version: 1, shape: record({ next: segment, closedThrough: optional(month), entries: int, at: millis }) },
};

/** Events of `ledgerbook-<id>`. */
const bookSpecs: EventSpecs<BookEvent> = {
  BookOpened: { version: 1, shape: record({ bookId: text(), segment, shards: int, ...terms, at: millis }) },
  BookTermsChanged: { version: 1, shape: record({ ...terms, at: millis }) },
  AccountRegistered: { version: 1, shape: record({ ...identity, segment, at: millis }) },
  PeriodCloseBegun: { version: 1, shape: record({ period: month, at: millis }) },
  BookPeriodClosed: { version: 1, shape: record({ period: month, at: millis }) },
};

/** Events of `account-<id>`, the root of an account's segments. */
const accountRootSpecs: EventSpecs<AccountOpened> = {
  AccountOpened: { version: 1, shape: record({ ...identity, segment, at: millis }) },
};
/** Events of `bankref-<hash>`. */
const referenceSpecs: EventSpecs<ReferenceClaimed> = {
  ReferenceClaimed: { version: 1, shape: record({ scope: text(), reference: text(), factId: text(), fingerprint: int, occurredAt: millis, amount: optional(amount), at: millis }) },
};

export const accountCodec: EventCodec<AccountEvent> = eventCodec('ledger', accountSpecs);
export const journalCodec: EventCodec<JournalEvent> = eventCodec('ledger', journalSpecs);
export const bookCodec: EventCodec<BookEvent> = eventCodec('ledger', bookSpecs);
export const accountRootCodec: EventCodec<AccountOpened> = eventCodec('ledger', accountRootSpecs);
export const referenceCodec: EventCodec<ReferenceClaimed> = eventCodec('ledger', referenceSpecs);



/** Reads any stored event of the ledger: for projections, lists and exports. */
export const ledgerCodec: EventCodec<LedgerEvent> = eventCodec<LedgerEvent>('ledger', {
  ...accountSpecs, ...journalSpecs, ...bookSpecs, ...accountRootSpecs, ...referenceSpecs,
});
