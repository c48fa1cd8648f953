import type { Json } from '@vouchsafe/codec';

export type Fields = Readonly<Record<string, Json>>;
export type Range = { readonly batchId: string; readonly from: number; readonly to: number };

/**
 * A stored event is not what this audit knows how to read. An audit that took what it misses for nothing would find nothing wrong
 * for ever after a shape has changed, so it is a finding by itself.
 */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

const no = (field: string, wanted: string): never => {
  throw new Unreadable(`${field} is not ${wanted}: this audit cannot prove it`);
};
const isFields = (json: Json | undefined): json is Fields => typeof json === 'object' && json !== null && !Array.isArray(json);

export const fieldsOf = (json: Json | undefined, field: string): Fields => (isFields(json) ? json : no(field, 'an object'));
export const fieldsAt = (data: Fields, field: string): Fields => fieldsOf(data[field], field);
export const listAt = (data: Fields, field: string): readonly Json[] => {
  const list = data[field];
  return Array.isArray(list) ? (list as readonly Json[]) : no(field, 'a list');
};
export const textOf = (json: Json | undefined, field: string): string => (typeof json === 'string' && json !== '' ? json : no(field, 'a text'));
export const textAt = (data: Fields, field: string): string => textOf(data[field], field);
export const maybeTextAt = (data: Fields, field: string): string | undefined => (data[field] === undefined ? undefined : textAt(data, field));
export const wholeOf = (json: Json | undefined, field: string): number => (typeof json === 'number' && Number.isSafeInteger(json) ? json : no(field, 'a whole number'));
export const wholeAt = (data: Fields, field: string, otherwise?: number): number => wholeOf(data[field] ?? otherwise, field);
/** Minor units are stored as decimal text. */
export const minorOf = (json: Json | undefined, field: string): bigint => (typeof json === 'string' && /^-?\d+$/.test(json) ? BigInt(json) : no(field, 'an amount'));
export const minorAt = (data: Fields, field: string): bigint => minorOf(data[field], field);

/** The ranges in an event's data, written with names or as rows `[batch, from, to, …]`. */
export const rangesIn = (data: Fields, field = 'ranges'): readonly Range[] => listAt(data, field).map((range) => rangeOf(range, field));
const rangeOf = (json: Json, field: string): Range => {
  const [batchId, from, to] = Array.isArray(json) ? (json as readonly Json[]) : [fieldsOf(json, field).batchId, fieldsOf(json, field).from, fieldsOf(json, field).to];
  const range = { batchId: textOf(batchId, `${field}: batch`), from: wholeOf(from, `${field}: from`), to: wholeOf(to, `${field}: to`) };
  return range.from >= 0 && range.to > range.from ? range : no(field, 'a range');
};
export const sizeOfAll = (ranges: readonly Range[]): number => ranges.reduce((sum, { from, to }) => sum + to - from, 0);

/** Whether every unit of `ranges` is one of `held`. */
export const isWithin = (ranges: readonly Range[], held: readonly Range[]): boolean => ranges.every(({ batchId, from, to }) => {
  for (let at = from; at < to; ) {
    const around = held.find((range) => range.batchId === batchId && range.from <= at && at < range.to);
    if (!around) return false;
    at = around.to;
  }
  return true;
});

/** As many violations of a sort are told as are of use to a person. */
const VIOLATIONS_MAX = 20;
export const tellIn = (violations: string[], what: string): void => {
  if (violations.length < VIOLATIONS_MAX) violations.push(what);
};
