import { money, type UnitRange } from '@vouchsafe/kernel';
import type { EventStore } from '@vouchsafe/event-store';
import { entriesLogLacks, type Journal } from '@vouchsafe/journal';
import type { Irrevocable } from '../application/ports.js';
import type { Activation, BatchUnit } from '../domain/grant-messages.js';

/** Without a journal (tests, tools) nothing is noted and nothing doubted. */
export const noJournal: Irrevocable = { redeemed: () => {}, reversed: async () => {}, doubt: () => undefined };

/** Notes redemptions in the journal; `doubts` are what it knows and the log does not. */
export const journaled = (journal: Journal, doubts: Doubts): Irrevocable => ({
  redeemed: ({ redemptionId, unit: { batchId, index }, grant: { orderId, lineId, terms }, use, principal, inLog }) => {
    const amount = terms.usage === 'balance' ? money(use.used, terms.currency) : undefined;
    journal.record({ type: 'Redeemed', redemptionId, batchId, index, orderId, lineId, terminalId: use.terminalId, principal, amount, inLog });
    return journal.flush();
  },
  reversed: async ({ redemptionId, unit, principal, inLog }) => {
    journal.record({ type: 'RedemptionReversed', redemptionId, ...unit, principal, inLog });
    await journal.flush();
  },
  doubt: (unit, grant) => doubts.of(unit, grant),
});

type Doubt = UnitRange & { readonly code: 'ALREADY_REDEEMED' | 'GRANT_HELD'; readonly of: (grant: Activation) => boolean };
/** Doubtful units by batch. As large as what happened between a backup and its restore. */
export class Doubts {
  readonly #byBatch = new Map<string, Doubt[]>();

  add(doubt: Doubt): void {
    const known = this.#byBatch.get(doubt.batchId);
    if (known) known.push(doubt);
    else this.#byBatch.set(doubt.batchId, [doubt]);
  }
  of({ batchId, index }: BatchUnit, grant: Activation): Doubt['code'] | undefined {
    if (this.#byBatch.size === 0) return undefined;
    return this.#byBatch.get(batchId)?.find(({ from, to, of }) => index >= from && index < to && of(grant))?.code;
  }
}

/**
 * After a restore: units that were used, disclosed under another line or handed back after the backup was taken. What the
 * journal says of them stays true for ever, so this is read at every start of a directory that was ever restored.
 */
export const doubtsAfterRestore = async (journal: Journal, store: EventStore): Promise<Doubts> => {
  const doubts = new Doubts();
  const used = new Map<string, BatchUnit>();
  for await (const { entry } of entriesLogLacks(journal, store, ['Redeemed', 'RedemptionReversed', 'Disclosed', 'Returned'])) {
    switch (entry.type) {
      case 'Redeemed': used.set(entry.redemptionId, entry); break;
      case 'RedemptionReversed': used.delete(entry.redemptionId); break;
      case 'Disclosed': {
        const { orderId, lineId } = entry;
        for (const range of entry.ranges) doubts.add({ ...range, code: 'GRANT_HELD', of: (grant) => grant.orderId !== orderId || grant.lineId !== lineId });
        break;
      }
      case 'Returned': {
        const { reservationId } = entry;
        for (const range of entry.ranges) doubts.add({ ...range, code: 'GRANT_HELD', of: (grant) => grant.reservationId === reservationId });
      }
    }
  }
  for (const { batchId, index } of used.values()) doubts.add({ batchId, from: index, to: index + 1, code: 'ALREADY_REDEEMED', of: () => true });
  return doubts;
};
