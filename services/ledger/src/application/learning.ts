import type { EventMessage } from '@vouchsafe/bus';
import type { InventoryIntegrationEvent, RedemptionIntegrationEvent } from '@vouchsafe/contracts';
import type { Soon } from '@vouchsafe/event-store';
import { Fault, type Of, roundHalfUp, taxWithin } from '@vouchsafe/kernel';
import type { Fact } from '../domain/fact.js';
import { fingerprintOf } from '../domain/fingerprint.js';
import type { Booked, Booking, Desk } from './desk.js';
import type { Catalogue } from './ports.js';

type Source = Pick<EventMessage, 'id' | 'occurredAt' | 'correlation' | 'principal' | 'trace'>;
type Learned = Omit<Booking, 'occurredAt'> | undefined;

/** Basis points in a whole. */
const WHOLE_BP = 10_000n;

/** Books what inventory and redemption tell. Each may be told again: the fact's id is in the event. */
export class Learning {
  constructor(readonly desk: Desk, readonly catalogue: Catalogue) {}

  async fromInventory(event: InventoryIntegrationEvent, source: Source): Promise<void> {
    await this.#book(inventoryFact(event), source);
  }
  async fromRedemption(event: RedemptionIntegrationEvent, source: Source): Promise<void> {
    const learned = this.#redemptionFact(event);
    const booking = this.#book(learned instanceof Promise ? await learned : learned, source);
    if (booking) await booking;
  }

  /** Undefined where it is done already. */
  #book(learned: Learned, { id, occurredAt, correlation, principal, trace }: Source): Promise<void> | undefined {
    if (!learned) return undefined;
    const { factId, fact, fingerprint } = learned;
    const booked = this.desk.book({ factId, fact, fingerprint, occurredAt }, { commandId: `book/${id}`, correlation, principal, at: occurredAt, trace });
    if (booked instanceof Promise) return booked.then((later) => standing(learned, later));
    standing(learned, booked);
    return undefined;
  }

  /** Others' codes earned their revenue at delivery; only own vouchers do when they are used or lapse. */
  #redemptionFact(event: RedemptionIntegrationEvent): Soon<Learned> {
    switch (event.type) {
      case 'VoucherRedeemed': return event.kind === 'own_voucher' ? this.#redeemed(event) : undefined;
      case 'RedemptionReversed': {
        const { factId, dims, originalFactId, kind } = event;
        return kind === 'own_voucher' ? { factId, fact: { type: 'RedemptionReversed', dims, originalFactId } } : undefined;
      }
      case 'RightLapsed': {
        const { factId, dims, ownClass, gross, tax, kind } = event;
        return kind === 'own_voucher' && gross.minor > 0n ? { factId, fact: { type: 'Breakage', dims, ownClass, gross, tax } } : undefined;
      }
      case 'UnitsDisclosed': return undefined;
    }
  }

  /** At a partner's store the partner is owed the value less our commission, by the terms of the day it is booked. */
  #redeemed(event: Redeemed): Soon<Learned> {
    const { factId, dims, ownClass, gross, tax, partnerMerchantId } = event;
    if (partnerMerchantId !== undefined) return this.#atPartner(event, partnerMerchantId);
    return { factId, fact: { type: 'Redeemed', dims, ownClass, gross, tax }, fingerprint: fingerprintOf(event) };
  }
  async #atPartner(event: Redeemed, partnerMerchantId: string): Promise<Learned> {
    const { factId, dims, ownClass, gross, tax, terminalId } = event;
    const terms = await this.catalogue.partnerTerms(terminalId);
    if (!terms) throw new Fault('TERMINAL_UNKNOWN', `the catalogue does not know terminal ${terminalId}`);
    const partnerCommission = { ...gross, minor: roundHalfUp(gross.minor * BigInt(terms.commissionBp), WHOLE_BP) };
    const fact = { type: 'Redeemed', dims, ownClass, gross, tax, partnerMerchantId, partnerCommission, partnerCommissionTax: taxWithin(partnerCommission, terms.commissionTaxBp) } as const;
    return { factId, fact, fingerprint: fingerprintOf(event) };
  }
}
type Redeemed = Of<RedemptionIntegrationEvent, 'VoucherRedeemed'>;

/** Not retried into something else: it is parked, and a person looks at why the two services disagree. */
const standing = ({ fact, factId }: NonNullable<Learned>, booked: Booked): void => {
  if (booked.ok) return;
  throw new Fault('FACT_REFUSED', `${fact.type} ${factId}: ${booked.code} ${booked.details['flaw'] ?? ''}`, booked.code === 'ORIGINAL_UNKNOWN');
};

const inventoryFact = (event: InventoryIntegrationEvent): Learned => {
  switch (event.type) {
    case 'BatchCompleted': {
      const { terms, presentation, cost, inputTax, batchId } = event;
      const fact: Fact = { type: 'BatchCompleted', dims: stockDims(event), terms, presentation, cost, inputTax, fromPrepayment: event.fromPrepayment === 1 };
      return { factId: `batch_${batchId}`, fact };
    }
    case 'StockLost': {
      const { factId, terms, presentation, cost, inputTax } = event;
      return { factId, fact: { type: 'StockLost', dims: stockDims(event), terms, presentation, cost, inputTax, returnable: event.returnable === 1 } };
    }
    case 'StockAvailable':
    case 'StockExhausted':
    case 'StockLow': return undefined;
  }
};
const stockDims = ({ bookId, businessLine, productId, supplierId, batchId }: Of<InventoryIntegrationEvent, 'BatchCompleted' | 'StockLost'>) =>
  ({ bookId, businessLine, productId, supplierId, batchId });
