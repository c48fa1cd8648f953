import type { CommandEnvelope } from '@vouchsafe/bus';
import { type Details, type Instant, invariant } from '@vouchsafe/kernel';
import { uuidv5 } from '@vouchsafe/runtime';
import type { Posting } from '../domain/entry.js';
import type { FactDimensions } from '../domain/fact.js';
import type { Claims } from './claims.js';
import type { Booking, Desk } from './desk.js';
import type { Entries } from './entries.js';

export type NewEntry = { readonly dims: FactDimensions; readonly accountId?: string; readonly postings: readonly Posting[] };
export type Adjustment = {
  /** Entry to take back. */
  readonly mirrored?: string;
  readonly fresh?: NewEntry;
  readonly reason: string;
  readonly occurredAt?: Instant;
  /** Unique per principal; a repeat of it is the same adjustment. */
  readonly requestId: string;
};
export type Adjusted =
  | { readonly ok: true; readonly mirrorId?: string; readonly freshId?: string }
  | { readonly ok: false; readonly code: string; readonly details: Details };

type Step = { readonly claim: { readonly scope: string; readonly reference: string; readonly used: string }; readonly booking: Omit<Booking, 'occurredAt'> };
export type AdjustmentOptions = { readonly desk: Desk; readonly entries: Entries; readonly claims: Claims };

/**
 * Corrects the books by a mirror entry naming the original, by a new entry, or both. All of it is rehearsed before any of it
 * is booked; interrupted between the two, the same request goes on.
 */
export const adjust = async (
  options: AdjustmentOptions, adjustment: Adjustment, { envelope, dryRun }: { readonly envelope: CommandEnvelope; readonly dryRun: boolean },
): Promise<Adjusted> => {
  const by = `${envelope.principal}/${adjustment.requestId}`;
  const mirror = adjustment.mirrored === undefined ? undefined : await mirrorStep(options, adjustment.mirrored, adjustment.reason);
  if (mirror === null) return { ok: false, code: 'ENTRY_UNKNOWN', details: {} };
  const steps = { mirror, fresh: freshStep(adjustment, by) };
  const content = { ...adjustment, by };
  for (const step of [steps.mirror, steps.fresh]) {
    const no = step && (await refusalOf(options, step, { content, occurredAt: adjustment.occurredAt ?? envelope.at }));
    if (no) return no;
  }
  return dryRun ? { ok: true } : bookBoth(options, steps, { content, ...(adjustment.occurredAt !== undefined && { occurredAt: adjustment.occurredAt }) }, envelope);
};

type Told = { readonly content: unknown; readonly occurredAt?: Instant };
const bookBoth = async (
  options: AdjustmentOptions, { mirror, fresh }: { readonly mirror?: Step; readonly fresh?: Step }, told: Told, envelope: CommandEnvelope,
): Promise<Adjusted> => {
  const mirrored = mirror && (await bookStep(options, mirror, told, { ...envelope, commandId: `${envelope.commandId}/mirror` }));
  if (mirrored && !mirrored.ok) return mirrored;
  const booked = fresh && (await bookStep(options, fresh, told, { ...envelope, commandId: `${envelope.commandId}/new` }));
  if (booked && !booked.ok) return booked;
  return { ok: true, ...(mirrored && { mirrorId: mirrored.entryId }), ...(booked && { freshId: booked.entryId }) };
};

type Refused = Extract<Adjusted, { ok: false }>;
/** Why a step cannot be done; undefined if it can, or was begun before and is gone on with. */
const refusalOf = async ({ desk, claims }: AdjustmentOptions, { claim, booking }: Step, { content, occurredAt }: { content: unknown; occurredAt: Instant }): Promise<Refused | undefined> => {
  if (await claims.obstacle({ ...claim, factId: booking.factId, content })) return { ok: false, code: claim.used, details: {} };
  if (await claims.find(claim.scope, claim.reference)) return undefined;
  const rehearsed = await desk.rehearse({ ...booking, occurredAt });
  return rehearsed.ok ? undefined : rehearsed;
};

const bookStep = async (
  { desk, claims }: AdjustmentOptions, { claim, booking }: Step, told: Told, envelope: CommandEnvelope,
): Promise<{ readonly ok: true; readonly entryId: string } | Refused> => {
  const claimed = await claims.make({ ...claim, factId: booking.factId, ...told }, { ...envelope, commandId: `${envelope.commandId}/claim` });
  if (!claimed) return { ok: false, code: claim.used, details: {} };
  return desk.book({ ...booking, occurredAt: claimed.occurredAt }, envelope);
};

/** The mirror of an entry is booked where the entry lies. Null: there is no such entry. */
const mirrorStep = async ({ entries }: AdjustmentOptions, entryId: string, reason: string): Promise<Step | null> => {
  const original = await entries.byId(entryId);
  if (!original) return null;
  const { entry, accountId } = original;
  const { bookId, channelId, orderId, lineId, factId } = entry;
  const dims = { bookId, ...(channelId !== undefined && { channelId }), ...(orderId !== undefined && { orderId }), ...(lineId !== undefined && { lineId }) };
  return {
    claim: { scope: 'mirror', reference: entryId, used: 'ENTRY_MIRRORED_BEFORE' },
    booking: { factId: `mirror/${factId}`, fact: { type: 'Mirrored', dims, originalFactId: factId, reason }, ...(accountId !== undefined && { accountId }) },
  };
};

const freshStep = ({ fresh, reason, mirrored }: Adjustment, by: string): Step | undefined => {
  invariant(fresh !== undefined || mirrored !== undefined, 'an adjustment mirrors or books something');
  if (!fresh) return undefined;
  const { dims, accountId, postings } = fresh;
  return {
    claim: { scope: 'adjustment', reference: by, used: 'REQUEST_ID_REUSED' },
    booking: { factId: `adj_${uuidv5(`adjustment/${by}`)}`, fact: { type: 'Adjusted', dims, reason, postings }, ...(accountId !== undefined && { accountId }) },
  };
};
