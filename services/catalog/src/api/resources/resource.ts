import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { IdKind } from '@vouchsafe/kernel';
import type { Kind, Specs } from '../../domain/kinds.js';
import type { Terms } from '../../domain/terms.js';
import type { Versioned } from '../../domain/versioned.js';
import type { Reading } from '../reading.js';

/** Whose eyes: staff see cost, floors and suppliers; a channel never does. */
export type Audience = { readonly kind: 'staff' } | { readonly kind: 'channel'; readonly channelId: string };

/** How one kind of record is read from and shown as its message. */
export type Resource<K extends Kind, M extends DescMessage> = {
  readonly kind: K;
  readonly idKind: IdKind | 'book';
  readonly message: M;
  /** Collects problems in `reading`; what it answers is used only if there are none. */
  readonly parse: (message: MessageShape<M>, pointer: string, reading: Reading, terms: Terms) => Specs[K];
  readonly print: (record: Versioned<Specs[K]>, audience: Audience, terms: Terms) => MessageInitShape<M>;
  /** Whether a channel may see it at all. */
  readonly shownTo: (record: Versioned<Specs[K]>, channelId: string, terms: Terms) => boolean;
};
