import { type Instant, instant } from '@vouchsafe/kernel';
import { shareOf } from '../chance.js';
import { readRows, sharedData } from '../data.js';

/** A first purchase of the real file. Times are whole minutes. */
export type Purchase = {
  readonly row: string; readonly user: string; readonly device: string; readonly source: Source;
  /** Empty where the file has none. */
  readonly ip: string;
  readonly signUp: Instant; readonly at: Instant;
  /** Whole dollars. */
  readonly value: number;
  /** Looked at by the report alone. */
  readonly fraud: boolean;
};
export const SOURCES = ['SEO', 'Ads', 'Direct'] as const;
export type Source = (typeof SOURCES)[number];
export const purchasesFile = (): string => sharedData('fraud', 'ecom_first_purchase.dev.csv.gz');

const minute = (text = ''): Instant => instant(Date.parse(`${text}:00Z`));

/** The purchases of a file in its order; where `fraction` is below 1, all of a device or none: rings stay together, so that their speed is seen. */
export const readPurchases = (file: string, fraction: number): readonly Purchase[] =>
  readRows(file)
    .map(({ row = '', user_id: user = '', device_id: device = '', source = '', ip = '', signup_time, purchase_time, purchase_value, class: fraud }): Purchase => ({
      row, user, device, source: source as Source, ip, signUp: minute(signup_time), at: minute(purchase_time), value: Number(purchase_value), fraud: fraud === '1',
    }))
    .filter(({ device }) => fraction >= 1 || shareOf('purchase', device) < fraction);
