import { type CommandOf, postFact } from '@vouchsafe/contracts';
import type { DeciderHost } from '@vouchsafe/event-store';
import { Fault, type Instant, money, plusMs, taxWithin } from '@vouchsafe/kernel';
import type { Chargeback, ChargebackCommand, ChargebackEvent, ChargebackNotice, ChargebackRejection, KnownChargeback, Outcome } from '../domain/chargeback.js';
import { type EndedOrder, isLive } from '../domain/order-state.js';
import type { RefundedLine, ValuedLine, VoidedLine } from '../domain/refund.js';
import { partsTakenBack, splitShare } from '../domain/take-back.js';
import { isStocked, type OrderTerms } from '../domain/terms.js';
import type { OrderHost } from './course-runner.js';
import { orderStream, verdictIdOf } from './names.js';
import type { OrderPorts } from './ports.js';
import { granted, type Send } from './send.js';
import { serviceEnvelope } from './service-envelope.js';
import { lineOf, type TakeBack, type TakenBack } from './take-back.js';

export type ChargebackHost = DeciderHost<Chargeback, ChargebackCommand, ChargebackEvent, ChargebackRejection>;
export type ChargebacksOptions = {
  readonly ports: OrderPorts; readonly host: ChargebackHost; readonly orders: OrderHost; readonly send: Send; readonly takeBack: TakeBack;
};
export const chargebackStream = (chargebackId: string): string => `chargeback-${chargebackId}`;
/** An order that still goes on is looked at again after this. */
const ORDER_GOES_ON_MS = 5000;

/** Charge-backs: booked, what is unused voided, then won or lost. Every step is repeatable. */
export class Chargebacks {
  constructor(readonly options: ChargebacksOptions) {}

  /** True if it is new. */
  async open(chargebackId: string, notice: ChargebackNotice): Promise<boolean> {
    const { state: order } = await this.options.orders.load(orderStream(notice.orderId));
    const verdictId = isLive(order) ? verdictActedOn(notice.orderId, order.terms) : undefined;
    return this.#handle(chargebackId, notice.orderId, { type: 'OpenChargeback', ...notice, ...(verdictId !== undefined && { verdictId }) });
  }
  /** True if it is new; Fault `NOTICE_TOO_EARLY` where the dispute is not known yet (the provider sends it again). */
  async decide(chargebackId: string, outcome: Outcome, noticeId: string): Promise<boolean> {
    const chargeback = await this.#load(chargebackId);
    if (chargeback.step === 'absent') throw new Fault('NOTICE_TOO_EARLY', 'the outcome of a dispute came before the dispute');
    return this.#handle(chargebackId, chargeback.notice.orderId, { type: 'DecideChargeback', outcome, noticeId, at: this.#now() });
  }

  /** The job of a charge-back. */
  async work(chargebackId: string): Promise<Instant | undefined> {
    const chargeback = await this.#load(chargebackId);
    if (chargeback.step === 'absent' || chargeback.step === 'closed') return undefined;
    const { orderId } = chargeback.notice;
    const { state: order } = await this.options.orders.load(orderStream(orderId));
    if (order.step !== 'ended') return plusMs(this.#now(), ORDER_GOES_ON_MS);
    const taken: TakenBack = { causeId: chargebackId, cause: 'chargeback', orderId, order };
    if (chargeback.step === 'opened') {
      await this.#book(chargebackId, chargeback, 'opened', this.#opened(chargebackId, chargeback));
      await this.#void(chargebackId, taken);
      return this.#now();
    }
    if (chargeback.decided) await this.#close(chargebackId, chargeback, taken);
    return undefined;
  }

  async #void(chargebackId: string, taken: TakenBack): Promise<void> {
    const { takeBack } = this.options;
    const voided = await takeBack.void(taken, outstanding(taken.order));
    const accepted = voided.filter((line) => line.accepted.length > 0);
    const shares = await takeBack.value(taken, voided);
    const lines = accepted.map((line) => valuedLine(taken.order, line, shares.get(line.lineId)!));
    await this.#handle(chargebackId, taken.orderId, { type: 'RecordVoids', voided, lines, at: this.#now() });
  }

  async #close(chargebackId: string, chargeback: KnownChargeback, taken: TakenBack): Promise<void> {
    const { outcome } = chargeback.decided!;
    const { provider, amountMinor, currency } = chargeback.notice;
    const base = { dims: dimsOf(chargeback), chargebackId, provider, amount: money(amountMinor, currency) };
    const fact = outcome === 'won' ? { type: 'ChargebackWon' as const, ...base } : { type: 'ChargebackLost' as const, ...base, ...(await this.#losses(taken, chargeback.lines)) };
    await this.#book(chargebackId, chargeback, outcome, fact);
    await this.#handle(chargebackId, taken.orderId, { type: 'CloseChargeback', at: this.#now() });
  }

  /** Lost: undisclosed codes go back on sale, unused own vouchers are no longer owed; the ledger books the rest as loss. */
  async #losses(taken: TakenBack, lines: readonly ValuedLine[]) {
    const { terms, committed } = taken.order;
    const returned: ReturnedStock[] = [];
    let [unusedOwn, unusedOwnTax, untaxed] = [0n, 0n, false];
    for (const valued of lines) {
      const line = lineOf(taken.order, valued.lineId);
      const back = valued.returned.length > 0 && (await this.options.takeBack.returnToStock(taken, line, valued.returned));
      if (line.kind === 'own_voucher') {
        unusedOwn += valued.share.minor;
        untaxed ||= line.usage.prepaidUntaxed;
        if (!line.usage.prepaidUntaxed) unusedOwnTax += taxWithin(money(valued.share.minor, terms.currency), line.taxRateBp).minor;
      } else if (back) {
        const { productId, businessLine, stockPaid } = line;
        const parts = partsTakenBack(line, committed.get(line.lineId) ?? [], valued.returned);
        returned.push({ productId, businessLine, presentation: line.agent ? 'agent' : 'principal', stockPaid, parts });
      }
    }
    const own = unusedOwn > 0n ? { ownClass: untaxed ? 'prepaid_untaxed' as const : 'taxed' as const } : {};
    return { unusedOwn: money(unusedOwn, terms.currency), unusedOwnTax: money(unusedOwnTax, terms.currency), ...own, undelivered: money(0n, terms.currency), returned };
  }

  #opened(chargebackId: string, chargeback: KnownChargeback) {
    const { provider, amountMinor, feeMinor, currency } = chargeback.notice;
    return { type: 'ChargebackOpened' as const, dims: dimsOf(chargeback), chargebackId, provider, amount: money(amountMinor, currency), fee: money(feeMinor, currency) };
  }

  async #book(chargebackId: string, { notice, decided }: KnownChargeback, what: string, fact: Parameters<typeof postFact.command.write>[0]['fact']): Promise<void> {
    const body = { factId: `${chargebackId}.${what}`, fact, occurredAt: decided && what !== 'opened' ? decided.at : notice.at };
    granted(await this.options.send(postFact, body, serviceEnvelope(this.options.ports, notice.orderId, `${chargebackId}/${what}`)), 'a charge-back in the books');
  }
  async #load(chargebackId: string): Promise<Chargeback> {
    return (await this.options.host.load(chargebackStream(chargebackId))).state;
  }
  #now(): Instant {
    return this.options.ports.clock.now();
  }
  async #handle(chargebackId: string, orderId: string, command: ChargebackCommand): Promise<boolean> {
    const handled = await this.options.host.handle(chargebackStream(chargebackId), command, serviceEnvelope(this.options.ports, orderId));
    return handled.ok && handled.events.length > 0;
  }
}

type ReturnedStock = Extract<CommandOf<typeof postFact>['fact'], { type: 'ChargebackLost' }>['returned'][number];

const dimsOf = ({ notice: { bookId, channelId, orderId } }: KnownChargeback) => ({ bookId, channelId, orderId });

const verdictActedOn = (orderId: string, { verdict, fingerprint }: OrderTerms): string | undefined =>
  verdict.fallback ? undefined : verdict.verdictId ?? verdictIdOf(orderId, fingerprint);

/** Everything of the order that is still with the buyer. Top-ups cannot be taken back. */
const outstanding = (order: EndedOrder): readonly RefundedLine[] =>
  order.terms.lines.flatMap((line) => {
    const { delivered, refunded, chargedBack } = order.lines.get(line.lineId)!;
    const quantity = delivered - refunded - chargedBack;
    return isStocked(line) && quantity > 0 ? [{ lineId: line.lineId, quantity }] : [];
  });

const valuedLine = (order: EndedOrder, { lineId, accepted }: VoidedLine, share: ValuedLine['share']): ValuedLine => {
  const returned = accepted.filter(({ disclosed }) => !disclosed);
  const plain = (ranges: typeof accepted) => ranges.map(({ batchId, from, to }) => ({ batchId, from, to }));
  return {
    lineId, returned: plain(returned), lost: plain(accepted.filter(({ disclosed }) => disclosed)), share, issuerAccepts: false,
    ...splitShare(lineOf(order, lineId), share, returned, order.terms.currency),
  };
};
