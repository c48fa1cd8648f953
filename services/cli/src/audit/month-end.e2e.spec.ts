import type { Json } from '@vouchsafe/codec';
import { Auditor } from './auditor.js';
import { MonthEnd } from './month-end.js';
import { type DayOfTrade, dayOfTrade } from './testing/day-of-trade.js';

type Data = Record<string, Json>;
let day: DayOfTrade;
beforeAll(async () => { day = await dayOfTrade(); }, 120_000);

/** The invariants over a log that somebody may have changed: whether each holds, in CNY; the books are those of the true log. */
const held = (change: (name: string, data: Data) => void = () => {}): Readonly<Record<string, boolean>> => {
  const [auditor, monthEnd] = [new Auditor(), new MonthEnd()];
  for (const event of day.events) {
    const data = JSON.parse(JSON.stringify(event.data)) as Data;
    change(event.type.split('.')[1]!, data);
    auditor.see(event);
    monthEnd.see({ ...event, data });
  }
  const results = monthEnd.results(auditor.findings().trialBalance, auditor.inStock());
  return Object.fromEntries(results.filter(({ currency }) => currency === 'CNY').map(({ name, ok }) => [name, ok]));
};
const ALL = { inventory: true, 'own-vouchers': true, 'channel-prepaid': true, clearing: true, 'zero-sum': true };

it('holds in a day of trade, each invariant of ACCOUNTS', () => expect(held()).toEqual(ALL));

it.each([
  ['inventory', 'StockReceived', 'terms.unitCostMicros'],
  ['own-vouchers', 'GrantActivated', 'gross'],
  ['own-vouchers', 'VoucherRedeemed', 'gross'],
  ['channel-prepaid', 'OrderPlaced', 'lines'],
  ['channel-prepaid', 'OrderCompleted', 'lines'],
  ['channel-prepaid', 'RefundSettled', 'amountMinor'],
])('%s does not hold any more where %s says %s otherwise', (invariant, event, field) => {
  const changed = held((name, data) => {
    if (name !== event) return;
    const [last, ...path] = field.split('.').reverse();
    delete path.reverse().reduce((at, step) => at[step] as Data, data)[last!];
  });
  expect(changed).toEqual({ ...ALL, [invariant]: false });
});
