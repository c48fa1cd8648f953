import type { CommandEnvelope } from '@vouchsafe/bus';
import type { Instant, Money } from '@vouchsafe/kernel';
import { type Clock, uuidv5 } from '@vouchsafe/runtime';
import type { ReferenceClaimed } from '../domain/registers.js';
import { fingerprintOf } from '../domain/fingerprint.js';
import type { Streams } from './streams.js';

/** One thing that may be told once, and what is told. */
export type Claim = {
  readonly scope: string; readonly reference: string; readonly factId: string;
  /** What a repeat must equal. */
  readonly content: unknown;
  /** When it occurred, if the caller says so; else the moment of the first ask. */
  readonly occurredAt?: Instant;
  readonly amount?: Money;
};

/** References and other once-only tellings. */
export class Claims {
  constructor(readonly streams: Pick<Streams, 'references'>, readonly clock: Clock) {}

  /** What was told under the reference; undefined: nothing yet. */
  async find(scope: string, reference: string): Promise<ReferenceClaimed | undefined> {
    return (await this.streams.references.load(streamOf(scope, reference))).state;
  }

  /** Whether `claim` could be made: undefined, or the claim that is in its way. */
  async obstacle(claim: Claim): Promise<ReferenceClaimed | undefined> {
    const known = await this.find(claim.scope, claim.reference);
    return known && known.fingerprint !== fingerprintOf(claim.content) ? known : undefined;
  }

  /** Makes the claim, or finds it made with the same content. Undefined: it stands with another. */
  async make({ scope, reference, factId, content, occurredAt, amount }: Claim, envelope: CommandEnvelope): Promise<ReferenceClaimed | undefined> {
    const at = this.clock.now();
    const claimed = await this.streams.references.handle(
      streamOf(scope, reference),
      { type: 'ClaimReference', scope, reference, factId, fingerprint: fingerprintOf(content), occurredAt: occurredAt ?? at, ...(amount && { amount }), at },
      envelope,
    );
    return claimed.ok ? claimed.state : undefined;
  }
}

/** A bank's reference may be any text; its stream is named by a hash. */
const streamOf = (scope: string, reference: string): string => `bankref-${uuidv5(`claim/${scope}\u0000${reference}`)}`;
