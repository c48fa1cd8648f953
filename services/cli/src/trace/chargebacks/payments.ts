import { type Instant, instant } from '@vouchsafe/kernel';
import { shareOf } from '../chance.js';
import { readRows, sharedData } from '../data.js';

/** How a dispute ends; the file does not say, so chance does. */
export type Fate = 'paid' | 'lost' | 'won';
/** A card payment of the real file. Times to the second, amounts to the cent. */
export type CardPayment = {
  readonly id: string; readonly user: string;
  /** Empty where the file has none. */
  readonly device: string;
  readonly at: Instant; readonly minor: bigint; readonly fate: Fate;
};
export const paymentsFile = (): string => sharedData('fraud', 'cloudwalk_chargebacks.dev.csv.gz');
/** Of those charged back. */
const WON = 0.25;

const cents = (decimal: string): bigint => {
  const [whole = '0', part = ''] = decimal.split('.');
  return BigInt(whole) * 100n + BigInt(part.padEnd(2, '0'));
};
const fateOf = (id: string, chargedBack: string | undefined): Fate => {
  if (chargedBack !== 'TRUE') return 'paid';
  return shareOf('dispute', id) < WON ? 'won' : 'lost';
};

/** The payments of a file in its order. */
export const readPayments = (file: string): readonly CardPayment[] =>
  readRows(file).map(({ transaction_id: id = '', user_id: user = '', device_id: device = '', transaction_date: at, transaction_amount: amount = '', has_cbk: chargedBack }) => ({
    id, user, device, at: instant(Date.parse(`${at}Z`)), minor: cents(amount), fate: fateOf(id, chargedBack),
  }));
