import type { MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { type Instant, instant } from '@vouchsafe/kernel';
import type {
  ExtendVoucherRequestSchema, FreezeVoucherRequestSchema, GetRedemptionRequestSchema, GetVoucherRequestSchema, LookupVoucherRequestSchema,
  RedemptionSchema, ReverseRedemptionRequestSchema, UnfreezeVoucherRequestSchema, UnlockTerminalRequestSchema, VoucherSchema,
} from '@vouchsafe/proto/redemption/v1/redemption';
import { Redemption_State } from '@vouchsafe/proto/redemption/v1/redemption';
import { type Caller, type CallContext, invalidField } from '@vouchsafe/rpc';
import { type Clock, eventIdOf } from '@vouchsafe/runtime';
import { type Changed, type aftersales, etagOf } from '../application/aftersales.js';
import type { GuessGuard } from '../application/guessing.js';
import type { Zones } from '../application/local-time.js';
import type { Locate, Located } from '../application/locate.js';
import type { Codes, GrantHost, GrantIndex, Irrevocable, TerminalFacts, Terminals } from '../application/ports.js';
import { type Redemptions, useIn } from '../application/redemptions.js';
import { batchUnitAt, type Chunk, placeOf, type Use } from '../domain/chunk.js';
import type { GrantCommand } from '../domain/grant-messages.js';
import { actorOf, isStaff, maySee, terminalOf, tillOf } from './callers.js';
import { dayField, failure, failureAt, keyField, reasonField } from './fields.js';
import { redemptionMessage, sequenceOf, voucherMessage } from './messages.js';

export type VoucherOptions = {
  readonly codes: Codes; readonly terminals: Terminals; readonly locate: Locate; readonly grants: GrantHost; readonly index: GrantIndex; readonly guard: GuessGuard;
  readonly redemptions: Redemptions; readonly change: ReturnType<typeof aftersales>; readonly clock: Clock; readonly zones: Zones;
  readonly irrevocable: Irrevocable;
  readonly present: (code: string, context: CallContext) => Promise<Located>;
};
type Voucher = MessageInitShape<typeof VoucherSchema>;
type Redemption = MessageInitShape<typeof RedemptionSchema>;
type Edit = { readonly voucherId: string; readonly validateOnly: boolean; readonly etag: string };
/** The end of the year 9999. */
const LAST_MS = 253_402_300_799_999;
/** A redemption just made must be found by its id. */
const CATCH_UP_MS = 2_000;

/** What staff and channels ask about vouchers and redemptions besides redeeming. */
export const voucherHandlers = (options: VoucherOptions) => {
  const { codes, locate, grants, guard, change, clock, zones, present } = options;
  const named = async (voucherId: string, context: CallContext): Promise<Located> => {
    const unit = await codes.unitNamed(voucherId);
    const located = unit && (await locate(unit));
    if (!located || !maySee(context.caller, located.chunk)) throw failure('VOUCHER_UNKNOWN');
    return located;
  };
  const edit = async (request: Edit, context: CallContext, commandAt: (located: Located, at: Instant) => GrantCommand): Promise<Voucher> => {
    const located = await named(request.voucherId, context);
    const { validateOnly, etag } = request;
    const changed = await change(located.stream, (at) => commandAt(located, at), envelopeOf(context, located.chunk), { validateOnly, etag });
    if (!changed.ok) throw failure(changed.code, changed.details);
    return voucherMessage(changed.chunk, { voucherId: request.voucherId, place: located.place }, clock.now(), etagOf(changed.revision));
  };
  return {
    async getVoucher({ voucherId }: MessageShape<typeof GetVoucherRequestSchema>, context: CallContext): Promise<Voucher> {
      const { stream, place } = await named(voucherId, context);
      const { state, revision } = await grants.load(stream);
      return voucherMessage(state, { voucherId, place }, clock.now(), etagOf(revision));
    },
    async lookupVoucher(request: MessageShape<typeof LookupVoucherRequestSchema>, context: CallContext): Promise<Voucher> {
      const reason = reasonField(request.reason);
      const { stream, place, chunk, unit } = await present(request.code, context);
      const noted = await change(stream, (at) => ({ type: 'NoteLookup', place, principalId: context.caller.principalId, reason, at }), envelopeOf(context, chunk));
      if (!noted.ok) throw failure(noted.code, noted.details);
      return voucherMessage(noted.chunk, { voucherId: unit.voucherId, place }, clock.now(), etagOf(noted.revision));
    },
    freezeVoucher: async (request: MessageShape<typeof FreezeVoucherRequestSchema>, context: CallContext): Promise<Voucher> =>
      edit(request, context, ({ place }, at) => ({ type: 'Freeze', place, reason: reasonField(request.reason), at })),
    unfreezeVoucher: async (request: MessageShape<typeof UnfreezeVoucherRequestSchema>, context: CallContext): Promise<Voucher> =>
      edit(request, context, ({ place }, at) => ({ type: 'Unfreeze', place, reason: reasonField(request.reason), at })),
    async extendVoucher(request: MessageShape<typeof ExtendVoucherRequestSchema>, context: CallContext): Promise<Voucher> {
      const { validUntil } = request;
      if (!validUntil) throw invalidField('/validUntil', 'FIELD_INVALID', '须填写新的截止时间', 'the new end is needed');
      const untilMs = timestampMs(validUntil);
      if (!(untilMs >= 0 && untilMs <= LAST_MS)) throw invalidField('/validUntil', 'FIELD_INVALID', '时间超出范围', 'is outside the years 1970 to 9999');
      const until = instant(Math.trunc(untilMs));
      return edit(request, context, ({ place, chunk }, at) =>
        ({ type: 'Extend', place, endsAt: zones.endOfDay(until, chunk.grant!.terms.zone, 0), reason: reasonField(request.reason), at }));
    },
    async unlockTerminal(request: MessageShape<typeof UnlockTerminalRequestSchema>, context: CallContext): Promise<{ unlocked: boolean }> {
      const { terminalId, validateOnly } = request;
      const reason = reasonField(request.reason);
      if (terminalId === '') throw failure('TERMINAL_UNKNOWN');
      if (validateOnly) return { unlocked: await guard.isShut(terminalId) };
      return { unlocked: await guard.unlock(terminalId, reason, { ...actorOf(context), commandId: context.requestId, correlation: terminalId, at: clock.now() }) };
    },
  };
};

const envelopeOf = (context: CallContext, { grant }: Chunk) => ({ ...actorOf(context), commandId: context.requestId, correlation: grant?.orderId ?? '' });

/** The till whose numbers are asked about: a terminal's own, or the one that staff name. */
const tillAsked = (caller: Caller, named: string): string => {
  if (caller.terminalId !== undefined && named !== '' && named !== caller.terminalId) throw failure('REDEMPTION_UNKNOWN');
  return caller.terminalId === undefined && isStaff(caller) && named !== '' ? named : tillOf(caller);
};

/** GetRedemption and ReverseRedemption. */
export const redemptionHandlers = ({ codes, terminals, grants, index, redemptions, change, irrevocable }: VoucherOptions) => {
  const message = async (chunk: Chunk, place: number, redemptionId: string): Promise<Redemption> => {
    const [voucherId] = await codes.voucherIds([batchUnitAt(chunk.grant!, place)!]);
    return redemptionMessage(chunk.grant!, voucherId!, useIn(chunk, { place, redemptionId })!);
  };
  /** Tills see what was done at their store, channels what was done with vouchers of theirs. */
  const find = async (redemptionId: string, { caller }: CallContext): Promise<{ readonly stream: string; readonly place: number; readonly chunk: Chunk }> => {
    const at = (await index.redemption(redemptionId)) ?? ((await index.caughtUp(CATCH_UP_MS)) ? await index.redemption(redemptionId) : undefined);
    if (!at) throw failure('REDEMPTION_UNKNOWN');
    const chunk = (await grants.load(at.grant)).state;
    const place = placeOf(chunk.grant!, at.unit.batchId, at.unit.index)!;
    const use = useIn(chunk, { place, redemptionId });
    if (!use || !maySee(caller, chunk) || !(await atOwnStore(caller, use))) throw failure('REDEMPTION_UNKNOWN');
    return { stream: at.grant, place, chunk };
  };
  const atOwnStore = async (caller: Caller, { storeId }: Use): Promise<boolean> =>
    caller.terminalId === undefined ? isStaff(caller) || caller.kind === 'channel' : (await terminals.factsOf(caller.terminalId))?.storeId === storeId;
  const bySequence = async (request: MessageShape<typeof GetRedemptionRequestSchema>, context: CallContext): Promise<Redemption> => {
    const { caller } = context;
    const till = tillAsked(caller, request.terminalId);
    const facts: TerminalFacts | undefined = await terminalOf(caller, request.terminalId, terminals);
    if (!facts) throw failureAt('/terminalId', 'TERMINAL_REQUIRED');
    const found = await redemptions.find({ till, key: keyField(request.sequence, request.requestId, false), facts, businessDay: dayField(request.businessDay) });
    if (!found?.chunk.grant) throw failure('REDEMPTION_UNKNOWN');
    const { claim, chunk } = found;
    if (useIn(chunk, claim)) return message(chunk, claim.place, claim.redemptionId);
    if (!claim.refusal) throw failure('REDEMPTION_UNKNOWN'); // claimed, never decided: the till repeats it
    return { redemptionId: claim.redemptionId, state: Redemption_State.REFUSED, terminalId: till, sequence: sequenceOf(claim.key), refusal: claim.refusal.code, storeId: facts.storeId };
  };
  return {
    async getRedemption(request: MessageShape<typeof GetRedemptionRequestSchema>, context: CallContext): Promise<Redemption> {
      if (request.redemptionId === '') return bySequence(request, context);
      const { chunk, place } = await find(request.redemptionId, context);
      return message(chunk, place, request.redemptionId);
    },
    async reverseRedemption(request: MessageShape<typeof ReverseRedemptionRequestSchema>, context: CallContext): Promise<Redemption> {
      const { redemptionId, validateOnly } = request;
      const reason = reasonField(request.reason);
      const { stream, place, chunk } = await find(redemptionId, context);
      const commandId = `${redemptionId}/reverse`;
      const changed: Changed = await change(stream, (at) => ({ type: 'Reverse', redemptionId, place, reason, at }),
        { ...actorOf(context), commandId, correlation: chunk.grant?.orderId ?? '' }, { validateOnly });
      if (!changed.ok) throw failure(changed.code, changed.details);
      if (changed.isNew) {
        const inLog = { stream, revision: changed.revision, eventId: eventIdOf(commandId, 0) };
        await irrevocable.reversed({ redemptionId, unit: batchUnitAt(chunk.grant!, place)!, principal: context.caller.principalId, inLog });
      }
      return message(changed.chunk, place, redemptionId);
    },
  };
};
