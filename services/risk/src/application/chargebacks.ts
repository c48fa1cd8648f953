import type { Bus } from '@vouchsafe/bus';
import { orderEvents } from '@vouchsafe/contracts';
import { type Log, uuidv5 } from '@vouchsafe/runtime';
import type { Assessor } from './assessor.js';
import type { Signals } from './signals.js';

/**
 * Counts charge-backs against those whose order it was. The signal's id follows from the charge-back's, so a message that
 * comes twice changes nothing; that is why nothing about consumed messages is remembered. Call it before the bus starts.
 */
export const countChargebacks = ({ bus, assessor, signals, log }: { readonly bus: Bus; readonly assessor: Assessor; readonly signals: Signals; readonly log: Log }): void => {
  bus.subscribe('risk', ['order'], async ({ type, data, principal, correlation }) => {
    if (!type.startsWith('order.ChargebackOpened.')) return;
    const event = orderEvents.decode(type, data);
    if (event?.type !== 'ChargebackOpened') return;
    const { chargebackId, channelId, verdictId, at } = event;
    const verdict = verdictId === undefined ? undefined : await assessor.find(verdictId);
    if (!verdict) return log.info({ chargebackId }, 'a charge-back of an order without a verdict is not counted against anybody');
    const envelope = { commandId: uuidv5(`risk/chargeback/${chargebackId}`), correlation, principal, at };
    await signals.record(chargebackId, { kind: 'chargeback', channelId, parties: verdict.parties, occurredAt: at, print: chargebackId }, envelope);
  });
};
