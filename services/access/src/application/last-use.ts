import type { Log } from '@vouchsafe/runtime';
import { LRUCache } from 'lru-cache';
import type { Instant } from '@vouchsafe/kernel';

const REMEMBERED_MAX = 20_000;
type Use = { readonly principalId: string; readonly at: Instant; noted: boolean };

/** When credentials were last used: exact in memory for the ones in use, noted in their streams now and then. */
export class LastUse {
  readonly #uses = new LRUCache<string, Use>({ max: REMEMBERED_MAX });

  constructor(readonly now: () => Instant) {}

  seen(principalId: string, credentialId: string): void {
    this.#uses.set(credentialId, { principalId, at: this.now(), noted: false });
  }
  of(credentialId: string): Instant | undefined {
    return this.#uses.peek(credentialId)?.at;
  }

  /** Hands uses not noted yet to `note`, which decides whether it is time. One that fails is noted next time. */
  async noteAll(note: (principalId: string, credentialId: string, at: Instant) => Promise<void>, log: Log): Promise<void> {
    for (const [credentialId, use] of this.#uses.entries()) {
      if (use.noted) continue;
      try {
        await note(use.principalId, credentialId, use.at);
        use.noted = true;
      } catch (error) {
        log.warn({ credentialId, error: String(error) }, 'the last use of a credential could not be noted');
        return;
      }
    }
  }
}
