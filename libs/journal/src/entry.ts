import { amount, int, list, optional, record, tagged, text, time, type TypeOf } from '@vouchsafe/codec';

const units = record({ batchId: text(), from: int, to: int });
/** The event of the log that says the same; where the log lacks it after a restore, the entry is news. */
const inLog = record({ stream: text(), revision: int, eventId: text() });

/** What can never be undone, so that a restored backup can be held against it (RULES, Secrets 4). Never a code in the clear. */
export const journalEntry = tagged({
  /** Units became an order's. */
  Committed: record({
    reservationId: text(), productId: text(), orderId: text(), lineId: text(), principal: text(), ranges: list(units), amount: optional(amount), inLog,
  }),
  /** Secrets left the platform. Flushed before they do. */
  Disclosed: record({ disclosureId: text(), orderId: text(), lineId: text(), principal: text(), ranges: list(units), inLog: optional(inLog) }),
  /** A voucher was used. */
  Redeemed: record({
    redemptionId: text(), batchId: text(), index: int, orderId: text(), lineId: text(), terminalId: text(), principal: text(),
    amount: optional(amount), codeHash: optional(text()), inLog,
  }),
  RedemptionReversed: record({ redemptionId: text(), batchId: text(), index: int, principal: text(), inLog }),
  /** Units back on sale, undisclosed, or void for good: what an earlier `Committed` said of them is over. */
  Returned: record({ reservationId: text(), productId: text(), ranges: list(units), inLog }),
  /** Codes taken in: `hashes` are their keyed hashes, base64, `hashBytes` each, row by row from `row` on. */
  Imported: record({ importId: text(), batchId: text(), row: int, hashVersion: int, hashBytes: int, hashes: text() }),
  ImportEnded: record({ importId: text(), batchId: text(), outcome: text(), principal: text() }),
  /** A look-up key, sealed by the key-encryption key, so that `Imported` hashes can be used even if the vault is older. */
  LookupKey: record({ hashVersion: int, kekId: text(), wrapped: text() }),
  /** A batch's or a subject's key was destroyed; destroyed again after a restore. */
  Erased: record({ kind: text(), id: text(), principal: text(), reason: text() }),
  /** The first entry of a process: whose journal this is. */
  Opened: record({ deploymentId: text(), namespace: text() }),
});
export type JournalEntry = TypeOf<typeof journalEntry>;

/** An entry as written: its number in the journal, the directory's epoch and when. */
export const journalRecord = record({ n: int, epoch: int, at: time, entry: journalEntry });
export type JournalRecord = TypeOf<typeof journalRecord>;
