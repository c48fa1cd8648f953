import type { EventCodec, Json } from '@vouchsafe/codec';
import type { AnyEvent } from '../projections/matter.js';

/** Reads every stored type as it is; insight never writes. */
export const anyCodec: EventCodec<AnyEvent> = {
  context: 'insight',
  encode: ({ type, data }) => ({ type, data }),
  decode: (type, data) => ({ type, data: data as Json }),
  isPublished: () => false,
  types: [],
};
