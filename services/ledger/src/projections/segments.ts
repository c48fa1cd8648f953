import type { Projection } from '@vouchsafe/read-store';
import type { Segment } from '../domain/period.js';
import type { LedgerEvent } from './ledger-event.js';

export type SegmentRow = { readonly root: string; readonly ordinal: number; readonly segment: Segment };

/** Which segments a chain has, so that the last one is found without walking them all. Only a hint: the log decides. */
export const segments: Projection<LedgerEvent, SegmentRow> = {
  collection: { name: 'ledger_segments_v1', indexes: [{ fields: ['root', 'ordinal'] }] },
  idsOf: (event, { stream }) => (event.type === 'PeriodOpened' || event.type === 'JournalOpened' ? [stream] : []),
  apply: (known, event, { stream }) => {
    if (event.type !== 'PeriodOpened' && event.type !== 'JournalOpened') return known;
    return { root: stream.slice(0, -(event.segment.length + 1)), ordinal: event.ordinal, segment: event.segment };
  },
};
