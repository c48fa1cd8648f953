import type { MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { CallContext } from '@vouchsafe/rpc';
import { isRpcFailure } from '@vouchsafe/rpc';
import type { Clock, Ids } from '@vouchsafe/runtime';
import {
  type CheckVoucherRequestSchema, type CheckVoucherResponseSchema, type RedeemVoucherRequestSchema, type RedeemVoucherResponseSchema,
  type StreamRedemptionsResponseSchema, VoucherState,
} from '@vouchsafe/proto/redemption/v1/redemption';
import type { GuessGuard } from '../application/guessing.js';
import type { Locate, Located } from '../application/locate.js';
import type { Codes, GrantHost, Terminals } from '../application/ports.js';
import type { Redemptions, UseRequest } from '../application/redemptions.js';
import { etagOf } from '../application/aftersales.js';
import { windowed } from '../application/windowed.js';
import { unitOf } from '../domain/chunk.js';
import { actorOf, isStaff, maySee, terminalOf, tillOf } from './callers.js';
import { amountField, codeField, dayField, failure, failureAt, keyField, sceneField } from './fields.js';
import { leftOf, redemptionMessage, stateOf, voucherMessage } from './messages.js';

export type RedeemOptions = {
  readonly codes: Codes; readonly terminals: Terminals; readonly guard: GuessGuard; readonly locate: Locate; readonly redemptions: Redemptions;
  readonly grants: GrantHost; readonly clock: Clock; readonly ids: Ids; readonly streamWindow: number;
};
type Request = MessageShape<typeof RedeemVoucherRequestSchema>;
type Answer = MessageInitShape<typeof RedeemVoucherResponseSchema>;

/** Finds the unit of a presented code for a caller; wrong, unknown and foreign codes are one answer and count as guesses. */
export const presenter = ({ codes, guard, locate, clock, ids }: Pick<RedeemOptions, 'codes' | 'guard' | 'locate' | 'clock' | 'ids'>) =>
  async (code: string, context: CallContext): Promise<Located> => {
    const till = tillOf(context.caller);
    const noted = () => ({ ...actorOf(context), commandId: ids.uuid(), correlation: till });
    const answer = await guard.present(till, noted, async () => {
      const unit = await codes.unitOf(codeField(code));
      const found = unit && locate(unit);
      const located = found instanceof Promise ? await found : found;
      return located && maySee(context.caller, located.chunk) ? located : undefined;
    });
    if (answer.ok) return answer.found;
    const until = 'until' in answer ? answer.until : undefined;
    throw failure(answer.code, {}, until === undefined ? undefined : Math.max(1, until - clock.now()));
  };

/** CheckVoucher, RedeemVoucher and StreamRedemptions. */
export const redeemHandlers = (options: RedeemOptions) => {
  const { codes, terminals, locate, redemptions, grants, clock, streamWindow } = options;
  const present = presenter(options);
  const byId = async (voucherId: string, context: CallContext): Promise<Located> => {
    if (!isStaff(context.caller)) throw failure('VOUCHER_ID_NOT_ENOUGH');
    const unit = await codes.unitNamed(voucherId);
    const located = unit && (await locate(unit));
    if (!located) throw failure('VOUCHER_UNKNOWN');
    return located;
  };
  const redeemVoucher = async (request: Request, context: CallContext): Promise<Answer> => {
    const { caller } = context;
    const key = keyField(request.sequence, request.requestId, caller.kind === 'terminal');
    const asked = { businessDay: dayField(request.businessDay), amount: amountField(request.amount), scene: sceneField(request.scene) };
    const known = terminalOf(caller, request.terminalId, terminals);
    const facts = known instanceof Promise ? await known : known;
    if (!facts) throw failureAt('/terminalId', 'TERMINAL_REQUIRED');
    const { businessDay, amount, scene } = asked;
    const use: UseRequest = { till: tillOf(caller), key, facts, businessDay, amount, scene };
    const { voucher } = request;
    const located = await (voucher.case === 'voucherId' ? byId(voucher.value, context) : present(voucher.value ?? '', context));
    if (request.validateOnly) return dryAnswer(use, located);
    const answer = await redemptions.redeem(use, located, actorOf(context));
    if (!answer.ok) throw failure(answer.code, answer.details);
    const { chunk, place, unit } = answer.located;
    return { redemption: redemptionMessage(chunk.grant!, unit.voucherId, answer.use), ...leftOf(chunk.grant!, unitOf(chunk, place)) };
  };
  const dryAnswer = (use: UseRequest, located: Located): Answer => {
    const would = redemptions.wouldRedeem(use, located);
    if (!would.ok) throw failure(would.code, would.details);
    return leftOf(located.chunk.grant!, unitOf(located.chunk, located.place));
  };
  return {
    redeemVoucher,
    async *streamRedemptions(requests: AsyncIterable<Request>, context: CallContext): AsyncGenerator<MessageInitShape<typeof StreamRedemptionsResponseSchema>> {
      yield* windowed(requests, streamWindow, async (request) => {
        const name = { sequence: request.sequence, requestId: request.requestId };
        try {
          return { ...name, answer: { case: 'redeemed' as const, value: await redeemVoucher(request, context) } };
        } catch (error) {
          if (!isRpcFailure(error)) throw error;
          return { ...name, answer: { case: 'refused' as const, value: { code: error.code, details: { ...error.details }, retryAfterMs: BigInt(error.more.retryAfterMs ?? 0) } } };
        }
      });
    },
    async checkVoucher(request: MessageShape<typeof CheckVoucherRequestSchema>, context: CallContext): Promise<MessageInitShape<typeof CheckVoucherResponseSchema>> {
      const facts = await terminalOf(context.caller, request.terminalId, terminals);
      const [amount, scene] = [amountField(request.amount), sceneField(request.scene)];
      const located = await present(request.code, context);
      const { voucherId } = located.unit;
      const { revision, state: chunk } = await grants.load(located.stream);
      const voucher = voucherMessage(chunk, { voucherId, place: located.place }, clock.now(), etagOf(revision));
      if (!facts) return { voucher, redeemable: stateOf(chunk.grant!, unitOf(chunk, located.place), clock.now()) === VoucherState.ACTIVE };
      const would = redemptions.wouldRedeem({ till: tillOf(context.caller), key: 'check', facts, amount, scene }, { ...located, chunk });
      return would.ok ? { voucher, redeemable: true } : { voucher, redeemable: false, refusal: would.code };
    },
  };
};
