import { displayMicros, displayMoney, type Instant, type Money } from '@vouchsafe/kernel';

/** Helpers from domain values to messages. */
export const etagOf = (version: number): string => `v${version}`;
/** The version an etag names; undefined where it is none of ours (it then matches nothing: 0). */
export const versionOf = (etag: string): number | undefined => (etag === '' ? undefined : Number(/^v(\d{1,9})$/.exec(etag)?.[1] ?? 0));
export const timestamp = (at: Instant | undefined) =>
  at === undefined ? undefined : { seconds: BigInt(Math.floor(at / 1000)), nanos: (((at % 1000) + 1000) % 1000) * 1_000_000 };
export const duration = (ms: number | undefined) => (ms === undefined ? undefined : { seconds: BigInt(Math.trunc(ms / 1000)), nanos: (ms % 1000) * 1_000_000 });
export const decimal = (micros: bigint | undefined): string => (micros === undefined ? '' : displayMicros(micros));
/** `100.00` for 10000 minor units of CNY. */
export const decimalOfMinor = (minor: bigint, currency: string): string => displayMoney({ minor, currency });
export const timeOfDay = (minute: number | undefined): string =>
  minute === undefined ? '' : `${String(Math.trunc(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
/** Money with what people read. */
export const shown = (money: Money) => ({ minor: money.minor, currency: money.currency, display: displayMoney(money) });
