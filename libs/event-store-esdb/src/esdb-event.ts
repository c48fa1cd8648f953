import type { ResolvedEvent } from '@eventstore/db-client';
import type { Json } from '@vouchsafe/codec';
import { canonicalBytes, deepFreeze, leafHash, type Position, type RecordedEvent, type Revision } from '@vouchsafe/event-store';
import { Fault, type Instant, invariant } from '@vouchsafe/kernel';
import { readUserMetadata } from './user-metadata.js';

/** An event as the client library hands it out. */
export type ClientEvent = NonNullable<ResolvedEvent['event']>;

/** Positions are bytes of the server's log; 2^53 of them are nine petabytes. */
export const positionOf = (event: Pick<ClientEvent, 'position'>): Position => {
  invariant(event.position !== undefined, 'an event read here tells its position');
  return asPosition(event.position.commit);
};
export const asPosition = (commit: bigint): Position => {
  invariant(commit <= BigInt(Number.MAX_SAFE_INTEGER), 'a position is a safe integer');
  return Number(commit) as Position;
};

/** A recorded event over what the server answered. Do not spread it: what proofs need is made when asked for. */
export class EsdbEvent implements RecordedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Json;
  readonly stream: string;
  readonly revision: Revision;
  readonly position: Position;
  readonly recordedAt: Instant;
  readonly occurredAt: Instant;
  readonly epoch: number;
  readonly correlation: string;
  readonly causation: string;
  readonly principal: string;
  readonly trace: string | undefined;
  readonly pub: number | undefined;
  readonly #told: string;
  readonly #onServer: string;

  /** `stream`: its own name. Throws Fault `EVENT_FOREIGN` for an event that is not ours. */
  constructor(event: ClientEvent, stream: string) {
    const where = `event ${event.revision} of ${stream}`;
    if (!event.isJson) throw new Fault('EVENT_FOREIGN', `${where} was not written by this platform: it is not JSON`, false);
    const said = readUserMetadata(event.metadata, where);
    this.id = event.id;
    this.type = event.type;
    this.data = deepFreeze(event.data as Json);
    this.stream = stream;
    this.revision = Number(event.revision);
    this.position = positionOf(event);
    this.recordedAt = said.recordedAt;
    this.occurredAt = said.occurredAt;
    this.epoch = said.epoch;
    this.correlation = said.correlation;
    this.causation = said.causation;
    this.principal = said.principal;
    this.trace = said.trace;
    this.pub = said.pub;
    this.#told = said.leaf;
    this.#onServer = event.streamId;
  }

  /**
   * Made anew each time, for proofs. Throws Fault `LOG_DAMAGED` if it is not what the recorder said it was. A recorder that knows the
   * stream by its name on the server (our door) made its leaf with that.
   */
  get canonical(): Buffer {
    const bytes = this.#bytesAs(this.stream);
    if (this.#isTold(bytes) || (this.#onServer !== this.stream && this.#isTold(this.#bytesAs(this.#onServer)))) return bytes;
    throw new Fault('LOG_DAMAGED', `event ${this.revision} of ${this.stream} is not the one that was recorded: its leaf is another`, false);
  }
  #bytesAs(stream: string): Buffer {
    const { id, revision, type, recordedAt, occurredAt, epoch, pub, correlation, causation, principal, trace } = this;
    return canonicalBytes({
      id, stream, revision, type, recordedAt, occurredAt, epoch, correlation, causation, principal,
      ...(pub !== undefined && { pub }), ...(trace !== undefined && { trace }), dataText: JSON.stringify(this.data),
    });
  }
  #isTold(bytes: Buffer): boolean {
    return leafHash(bytes).toString('hex') === this.#told;
  }
  /** As {@link EsdbEvent.canonical}. */
  get leaf(): Buffer {
    return leafHash(this.canonical);
  }
}
