import type { RecordedEvent } from '@vouchsafe/event-store';
import { Unreadable } from './strict.js';

/**
 * Every stored event of the streams that are proved, by its version: one that is not here may move a unit, a use or money in a
 * way nobody has taught this audit, so it is told.
 */
const KNOWN: Readonly<Record<string, ReadonlySet<string>>> = {
  pool: new Set([
    'StockReceived.v1', 'VouchersReserved.v1', 'ReservationCommitted.v1', 'ReservationReleased.v1', 'ReleaseRemembered.v1', 'ReservationsExpired.v1',
    'UnitsReturned.v1', 'BatchRecalled.v1', 'UnitsLost.v1', 'PoolHeld.v1', 'PoolHoldReleased.v1', 'StockAvailable.v1', 'StockExhausted.v1', 'StockLow.v1',
  ]),
  grant: new Set([
    'GrantActivated.v1', 'UnitsDisclosed.v1', 'DisclosureRefused.v1', 'VoucherRedeemed.v1', 'RedemptionReversed.v1', 'VoucherFrozen.v1', 'VoucherUnfrozen.v1',
    'VoucherExtended.v1', 'UnitsVoided.v1', 'UnitsLapsed.v1', 'RightLapsed.v1', 'VoucherLookedUp.v1',
  ]),
  order: new Set([
    'OrderPlaced.v1', 'OrderRefused.v1', 'ReviewBegun.v1', 'ReviewResolved.v1', 'PaymentAwaited.v1', 'PaymentReceived.v1', 'OrderConfirmed.v1', 'TopUpSettled.v1',
    'LineDelivered.v1', 'OrderCompleted.v1', 'OrderRejected.v1', 'OrderCancelled.v1', 'OrderUndone.v1', 'RevivalBegun.v1', 'OrderRevived.v1', 'RevivalFailed.v1',
    'RefundAllocated.v1',
  ]),
  account: new Set([
    'AccountOpened.v1', 'PeriodOpened.v1', 'HoldsCarried.v1', 'ClosedHoldsCarried.v1', 'FundsHeld.v1', 'FundsCaptured.v1', 'FundsReleased.v1', 'HoldForestalled.v1',
    'HoldProlonged.v1', 'EntryPosted.v1', 'CreditLimitChanged.v1', 'PeriodClosed.v1',
  ]),
  journal: new Set(['JournalOpened.v1', 'EntryPosted.v1', 'JournalClosed.v1']),
};

/** The stream's category and the event's name, `ReservationCommitted` of `inventory.ReservationCommitted.v1`. Unreadable where this audit must know it and does not. */
export const nameIn = ({ stream, type }: Pick<RecordedEvent, 'stream' | 'type'>): { readonly category: string; readonly name: string } => {
  const category = stream.slice(0, stream.indexOf('-'));
  const [, name = '', version = ''] = type.split('.');
  const known = KNOWN[category];
  if (known && !known.has(`${name}.${version}`)) throw new Unreadable(`${type} is not known to this audit: it cannot prove what it did`);
  return { category, name };
};
