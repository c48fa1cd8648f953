import type { Projection } from '@vouchsafe/read-store';
import { lapsesAt } from '../domain/ending.js';
import type { GrantEvent } from '../domain/grant-messages.js';

/** `dueAt`: the next of `dues`. */
export type LapseDeadline = { readonly dueAt: number; readonly dues: readonly number[] };

/** When rights of a chunk lapse (extended units at their own times); the document goes once none is left. */
export const lapseDeadlines: Projection<GrantEvent, LapseDeadline> = {
  collection: { name: 'redemption_lapse_deadlines_v1', indexes: [{ fields: ['dueAt'] }] },
  idsOf: (event, { stream }) => (newDue(event) !== undefined || event.type === 'UnitsLapsed' ? [stream] : []),
  apply: (value, event) => {
    const due = newDue(event);
    if (due !== undefined) return withDues([...(value?.dues ?? []), due]);
    return event.type === 'UnitsLapsed' ? withDues(value?.dues.filter((then) => then > event.at) ?? []) : value;
  },
};

const newDue = (event: GrantEvent): number | undefined => {
  if (event.type === 'GrantActivated') return lapsesAt(event, event.endsAt);
  return event.type === 'VoucherExtended' ? event.lapsesAt : undefined;
};
const withDues = (dues: readonly number[]): LapseDeadline | undefined =>
  dues.length === 0 ? undefined : { dueAt: dues.reduce((least, due) => Math.min(least, due)), dues };
