import { displayMicros, type Micros } from '@vouchsafe/kernel';
import type { Problem } from './problem.js';
import type { PriceEntry, PriceListSpec } from './records.js';
import type { Channel, PriceRow, Terms } from './terms.js';

const below = (field: string, floor: Micros, whose: string): Problem => ({
  field, code: 'PRICE_BELOW_FLOOR', zh: `低于 ${whose} 的底价 ${displayMicros(floor)}`, en: `undercuts the floor ${displayMicros(floor)} of ${whose}`,
});
const overlap = (list: PriceListSpec, row: PriceRow): boolean =>
  (list.from ?? -Infinity) < (row.until ?? Infinity) && (row.from ?? -Infinity) < (list.until ?? Infinity);

/**
 * Prices of a list that undercut its own floor or one of a list above whose window overlaps. A first line of defence for
 * whoever writes prices; that no order is sold under a floor is seen to when it is priced.
 */
export const undercuts = (terms: Terms, owner: Channel, listId: string, list: PriceListSpec): readonly Problem[] =>
  list.entries.flatMap((entry, i) => {
    const floors = [
      ...(entry.floorMicros === undefined ? [] : [{ floor: entry.floorMicros, whose: listId }]),
      ...owner.path.slice(0, -1).flatMap(({ id }) =>
        terms.prices(id, entry.productId).filter((row) => overlap(list, row) && row.entry.floorMicros !== undefined)
          .map((row) => ({ floor: row.entry.floorMicros!, whose: row.priceListId }))),
    ];
    return pricesOf(entry).flatMap(({ field, price }) => {
      const broken = floors.find(({ floor }) => price < floor);
      return broken ? [below(`entries/${i}/${field}`, broken.floor, broken.whose)] : [];
    });
  });

const pricesOf = ({ unitMicros, tiers }: PriceEntry): readonly { readonly field: string; readonly price: Micros }[] => [
  { field: 'unitPrice', price: unitMicros },
  ...tiers.map((tier, i) => ({ field: `tiers/${i}/unitPrice`, price: tier.unitMicros })),
];
