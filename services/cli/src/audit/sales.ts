import { type Fields, fieldsAt, fieldsOf, isWithin, listAt, maybeTextAt, type Range, rangesIn, sizeOfAll, textAt, wholeAt } from './strict.js';
import { UnitBook } from './units.js';

type Sale = { readonly ranges: readonly Range[]; left: number };

/** Follows stock through pools and grants: each unit by itself, and whose reservation and order it is. */
export class SalesBook {
  readonly units = new UnitBook();
  /** Open reservations, for an expiry names no ranges. */
  readonly #open = new Map<string, readonly Range[]>();
  /** Sold and not yet granted in full. */
  readonly #sold = new Map<string, Sale>();

  /** An event of a `pool-` stream. */
  stock(name: string, data: Fields): void {
    switch (name) {
      case 'StockReceived': return this.#received(data);
      case 'VouchersReserved': return this.#reserved(data);
      case 'ReservationCommitted': return this.#committed(data);
      case 'ReservationReleased': return this.#released(data);
      case 'ReservationsExpired': return listAt(data, 'expired').forEach((expired) => this.#expired(fieldsOf(expired, 'expired')));
      case 'UnitsReturned': return this.units.freed(rangesIn(data));
      case 'UnitsLost': return this.units.lost(rangesIn(data));
    }
  }
  /** Goods of an order's line are its buyer's from now on. */
  granted(data: Fields): void {
    const ranges = rangesIn(data);
    const id = reservationOf(data);
    const sale = this.#sold.get(id);
    if (!sale || !isWithin(ranges, sale.ranges)) this.units.tell('granted under an order it was not sold to', ranges[0]);
    this.units.granted(ranges);
    if (!sale) return;
    sale.left -= sizeOfAll(ranges);
    if (sale.left <= 0) this.#sold.delete(id);
  }
  disclosed(data: Fields): void {
    this.units.disclosed(rangesIn(data));
  }

  #received(data: Fields): void {
    const ranges = rangesIn(data, 'segments');
    const [said, named] = [wholeAt(data, 'quantity'), sizeOfAll(ranges)];
    if (said !== named) this.units.tell(`received as ${said}, but ${named} are named`, ranges[0]);
    this.units.received(ranges);
  }
  #reserved(data: Fields): void {
    const ranges = rangesIn(data);
    this.units.reserved(ranges);
    this.#open.set(reservationOf(fieldsAt(data, 'claim')), ranges);
  }
  #committed(data: Fields): void {
    const ranges = rangesIn(data);
    const id = reservationOf(fieldsAt(data, 'claim'));
    const held = this.#open.get(id);
    if (!held || !isWithin(ranges, held)) this.units.tell('sold under a reservation that does not hold it', ranges[0]);
    this.units.committed(ranges);
    this.#open.delete(id);
    this.#sold.set(id, { ranges, left: sizeOfAll(ranges) });
  }
  #released(data: Fields): void {
    this.units.freed(rangesIn(data));
    const id = reservationOf(fieldsAt(data, 'claim'));
    this.#open.delete(id);
    this.#sold.delete(id);
  }
  #expired(expired: Fields): void {
    const id = reservationOf(fieldsAt(expired, 'claim'));
    const held = this.#open.get(id);
    if (held) this.units.freed(held);
    else this.units.tell(`reservation ${id} expired, which was not open`);
    this.#open.delete(id);
  }
}

/** A reservation is named after its order's line, unless the event says otherwise. */
const reservationOf = (claim: Fields): string => {
  const [orderId, lineId] = [textAt(claim, 'orderId'), textAt(claim, 'lineId')];
  return maybeTextAt(claim, 'reservationId') ?? `rsv_${orderId.slice(orderId.indexOf('_') + 1)}.${lineId}`;
};
