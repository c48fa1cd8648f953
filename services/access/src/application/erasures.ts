import type { EventCodec } from '@vouchsafe/codec';
import { type DeciderHost, START } from '@vouchsafe/event-store';
import { type Follower, startFollower } from '@vouchsafe/read-store';
import { type PersonalValue, subjectOfRef } from '@vouchsafe/vault';
import type { ErasureCommand, ErasureEvent, ErasureState } from '../domain/erasure.js';
import { type Asked, envelopeOf } from './commands.js';
import type { AccessPorts, Erased } from './ports.js';
import { erasureStream } from './streams.js';

export type ErasureHost = DeciderHost<ErasureState, ErasureCommand, ErasureEvent, never>;
const PAGE = 500;
export type Whom = { readonly ref: string } | { readonly value: PersonalValue; readonly channelId: string };

/** Destroys what is known of a person: the fact first, then the key; a fact whose key survived a crash is followed at the next start. */
export class Erasures {
  constructor(readonly ports: AccessPorts, readonly host: ErasureHost, readonly codec: EventCodec<ErasureEvent>) {}

  /** Subjects erased, none where nothing is known. */
  async erase(asked: Asked, whom: Whom, reason: string, dry: boolean): Promise<readonly string[]> {
    const { vault, clock, ids, store, onErased } = this.ports;
    const subject = 'ref' in whom ? subjectOfRef(whom.ref) : await vault.subjectOf(whom.value, whom.channelId);
    // A subject keeps its first value as long as it lives: without it nobody is known (any more).
    if (subject === undefined || (await vault.reveal(`${subject}.0`)) === undefined) return [];
    if (dry) return [subject];
    const at = clock.now();
    const handled = await this.host.handle(erasureStream.of(subject), { type: 'EraseSubject', subject, reason, at }, envelopeOf(ids, asked, subject, at));
    if (handled.ok && handled.position !== undefined) await store.durable(handled.position);
    await onErased?.(subject);
    const gone = await vault.erase(subject);
    return gone || (handled.ok && handled.events.length > 0) ? [subject] : []; // the follower may have been faster
  }

  /** Destroys again what the log says was erased, from its beginning: after a vault was restored from a copy. */
  async reapply(): Promise<number> {
    const { store, vault } = this.ports;
    let again = 0;
    for (let after = START; ; ) {
      const page = await store.readAll({ after, categories: [erasureStream.category], max: PAGE });
      for (const { type, data } of page.events) {
        const event = this.codec.decode(type, data);
        if (event && (await vault.erase(event.subject))) again++;
      }
      if (page.atEnd) return again;
      after = page.next;
    }
  }

  /** Erases what the journal of the irrevocable says was erased, fact and key: in a log restored from before it. The number of subjects that were still there. */
  async again(erased: AsyncIterable<Erased>): Promise<number> {
    const { vault, clock, ids } = this.ports;
    let again = 0;
    for await (const { subject, reason } of erased) {
      const at = clock.now();
      await this.host.handle(erasureStream.of(subject), { type: 'EraseSubject', subject, reason, at }, envelopeOf(ids, { principal: 'svc_access', requestId: '' }, subject, at));
      if (await vault.erase(subject)) again++;
    }
    return again;
  }

  /** Follows the facts from where it got to, so that a restored or interrupted vault is brought to what the log says. */
  follow(): Promise<Follower> {
    const { store, readStore, clock, log, vault } = this.ports;
    return startFollower({
      name: 'access/erasures', store, readStore, categories: [erasureStream.category], log, clock,
      handle: async (events) => {
        for (const { type, data } of events) {
          const event = this.codec.decode(type, data);
          if (event) await vault.erase(event.subject);
        }
      },
    });
  }
}
