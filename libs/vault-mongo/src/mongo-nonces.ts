import type { Instant } from '@vouchsafe/kernel';
import { isDuplicateKey, type Mongo } from '@vouchsafe/mongo';
import type { Clock, Random } from '@vouchsafe/runtime';
import type { Nonces } from '@vouchsafe/vault';
import { tableOf, type VaultIndexes } from './vault-mongo.js';

/** `by` is the claim: no two are alike. */
type Row = { _id: string; until: number; by: Buffer };
const NONCES = 'nonces';
export const NONCE_INDEXES: VaultIndexes = { [NONCES]: [{ name: 'until', key: { until: 1 } }] };
const CLAIM_BYTES = 16;
/** Those whose time is over are forgotten once in so many claims. */
const FORGET_EVERY = 256;

export class MongoNonces implements Nonces {
  #claims = 0;
  constructor(readonly vault: Mongo, readonly random: Random, readonly clock: Clock) {}

  async claim(scope: string, nonce: string, until: Instant): Promise<boolean> {
    const now = this.clock.now();
    if (this.#claims++ % FORGET_EVERY === 0) await this.#forget(now);
    const row: Row = { _id: `${scope}\u0000${nonce}`, until, by: this.random.bytes(CLAIM_BYTES) };
    return this.vault.run(async (attempt) => {
      const nonces = tableOf<Row>(attempt, NONCES);
      const { session } = attempt;
      try {
        await nonces.insertOne(row, { session });
        return true;
      } catch (error) {
        if (!isDuplicateKey(error as { code?: unknown })) throw error;
      }
      // Of one whose time is over, one claim only succeeds: the update finds it as it was no more.
      await nonces.updateOne({ _id: row._id, until: { $lt: now } }, { $set: { until, by: row.by } }, { session });
      // Ours may stand there since an attempt whose answer was lost.
      return (await nonces.findOne({ _id: row._id }, { session }))?.by.equals(row.by) === true;
    });
  }

  async #forget(now: number): Promise<void> {
    await this.vault.run((attempt) => tableOf<Row>(attempt, NONCES).deleteMany({ until: { $lt: now } }, { session: attempt.session }));
  }
}
