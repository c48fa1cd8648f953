import type { RecordedEvent } from '@vouchsafe/event-store';
import { Fault, type Instant, parseRfc3339, toRfc3339 } from '@vouchsafe/kernel';

/**
 * What an event says about itself, as the user metadata of an EventStoreDB event: JSON that other clients read too. Frozen like
 * the canonical bytes that are made from it. `leaf` repeats what follows from the rest, so that a reader can check it.
 */
export type UserMetadata = {
  readonly $correlationId: string;
  readonly $causationId: string;
  readonly principal: string;
  /** RFC 3339, like `recordedAt`. */
  readonly occurredAt: string;
  readonly recordedAt: string;
  readonly epoch: number;
  /** The leaf of the Merkle log, in hex. */
  readonly leaf: string;
  readonly pub?: number;
  readonly trace?: string;
};
type Told = Pick<RecordedEvent, 'correlation' | 'causation' | 'principal' | 'occurredAt' | 'recordedAt' | 'epoch' | 'leaf' | 'pub' | 'trace'>;

export const userMetadataOf = ({ correlation, causation, principal, occurredAt, recordedAt, epoch, leaf, pub, trace }: Told): UserMetadata => ({
  $correlationId: correlation, $causationId: causation, principal, occurredAt: toRfc3339(occurredAt), recordedAt: toRfc3339(recordedAt), epoch,
  leaf: Buffer.from(leaf).toString('hex'), ...(pub !== undefined && { pub }), ...(trace !== undefined && { trace }),
});

/** The same back; `leaf` as it was told, in hex. Throws Fault `EVENT_FOREIGN` for metadata that is not ours. */
export const readUserMetadata = (metadata: unknown, where: string): Omit<Told, 'leaf'> & { readonly leaf: string } => {
  const said = typeof metadata === 'object' && metadata !== null ? (metadata as Partial<Record<keyof UserMetadata, unknown>>) : {};
  const wrong = (name: string): Fault => new Fault('EVENT_FOREIGN', `${where} was not written by this platform: its metadata has no ${name}`, false);
  const text = (name: keyof UserMetadata): string => {
    const value = said[name];
    if (typeof value !== 'string') throw wrong(name);
    return value;
  };
  const time = (name: keyof UserMetadata): Instant => {
    const value = parseRfc3339(text(name));
    if (value === undefined) throw wrong(name);
    return value;
  };
  const { epoch, pub, trace } = said;
  if (!isCount(epoch)) throw wrong('epoch');
  if (pub !== undefined && !isCount(pub)) throw wrong('pub');
  return {
    correlation: text('$correlationId'), causation: text('$causationId'), principal: text('principal'), occurredAt: time('occurredAt'), recordedAt: time('recordedAt'), epoch,
    leaf: text('leaf'), ...(pub !== undefined && { pub }), ...(trace !== undefined && { trace: text('trace') }),
  };
};
const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
