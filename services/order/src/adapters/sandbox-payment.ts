import { Fault, instant, type Instant, type Money, money } from '@vouchsafe/kernel';
import { z } from 'zod';
import type { CreatePayment, Notice, PaymentProvider, ProviderPayment, ProviderRefund, SignedNotice, VerifiedNotice } from '../application/payment-provider.js';
import type { PspReply, SandboxPsp } from '../sandbox-provider/psp.js';
import { isFresh, isSignedBy } from '../sandbox-provider/signing.js';

/** How the provider is reached: over HTTP, or in the same process where there is no network (simulations). */
export type PspCall = (method: 'GET' | 'POST', path: string, body?: object) => Promise<PspReply>;
export type SandboxPaymentOptions = { readonly name?: string; readonly call: PspCall; readonly secret: string; readonly merchantId: string };

const TIMEOUT_MS = 8000;
export const overHttp = (baseUrl: string): PspCall => async (method, path, body) => {
  try {
    const answer = await fetch(`${baseUrl}${path}`, {
      method, signal: AbortSignal.timeout(TIMEOUT_MS), ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    return { status: answer.status, body: (await answer.json()) as object };
  } catch (error) {
    throw new Fault('PROVIDER_UNREACHABLE', 'the sandbox payment provider cannot be reached', true, { cause: error });
  }
};
export const inProcess = (psp: SandboxPsp): PspCall => async (method, path, body) => psp.handle(method, path, body);

const sum = z.object({ minor: z.string().regex(/^\d{1,18}$/), currency: z.string().regex(/^[A-Z]{3}$/) }).transform(({ minor, currency }): Money => money(BigInt(minor), currency));
const offer = z.object({ provider_ref: z.string(), url: z.string() });
const paymentState = z.object({
  state: z.enum(['unpaid', 'paid', 'failed', 'closed']), transaction: z.object({ id: z.string(), amount: sum, at: z.int() }).nullable(),
});
const refundState = z.object({ status: z.enum(['succeeded', 'failed', 'pending', 'unknown']), reason: z.string().optional() });
const common = { id: z.string().min(1).max(200), merchant: z.string(), payment: z.string(), at: z.int() };
const noticeBody = z.discriminatedUnion('kind', [
  z.object({ ...common, kind: z.literal('paid'), transaction: z.string().min(1).max(200), amount: sum }),
  z.object({ ...common, kind: z.enum(['failed', 'closed']), reason: z.string().max(200).optional() }),
  z.object({ ...common, kind: z.literal('refunded'), refund: z.string(), amount: sum, status: z.enum(['succeeded', 'failed']), reason: z.string().max(200).optional() }),
  z.object({ ...common, kind: z.literal('charged_back'), chargeback: z.string(), amount: sum, fee: sum }),
  z.object({ ...common, kind: z.enum(['chargeback_won', 'chargeback_lost']), chargeback: z.string() }),
]);

/** The sandbox payment provider behind the port. It moves no real money and is refused in `live`. */
export const sandboxPayment = ({ name = 'sandbox', call, secret, merchantId }: SandboxPaymentOptions): PaymentProvider => ({
  name, merchantId, sandbox: true,
  create: async ({ paymentId, reference, amount, expiresAt }: CreatePayment) => {
    const asked = { paymentId, reference, expiresAt, amount: { minor: amount.minor.toString(), currency: amount.currency } };
    const { provider_ref: providerRef, url } = offer.parse(answered(await call('POST', '/payments', asked)));
    return { providerRef, action: { kind: 'url', value: url } };
  },
  query: async (paymentId) => stateOf(await call('GET', `/payments/${paymentId}`)),
  close: async (paymentId) => stateOf(await call('POST', `/payments/${paymentId}/close`)),
  refund: async ({ refundId, paymentId, amount }) =>
    refundOf(await call('POST', `/payments/${paymentId}/refunds/${refundId}`, { amount: { minor: amount.minor.toString(), currency: amount.currency } })),
  queryRefund: async ({ refundId, paymentId }) => refundOf(await call('GET', `/payments/${paymentId}/refunds/${refundId}`)),
  verifyNotice: (signed, at) => verify(secret, signed, at),
});

const answered = ({ status, body }: PspReply): object => {
  if (status === 200) return body;
  throw new Fault('PROVIDER_UNCLEAR', `the sandbox payment provider answered ${status}`);
};
/** A payment it does not know was never set up: nobody can have paid it. */
const stateOf = (reply: PspReply): ProviderPayment => {
  if (reply.status === 404) return { status: 'unpaid' };
  const { state, transaction } = paymentState.parse(answered(reply));
  if (state !== 'paid') return { status: state };
  if (!transaction) return { status: 'unknown' };
  return { status: 'paid', transactionId: transaction.id, received: transaction.amount, paidAt: instant(transaction.at) };
};
const refundOf = (reply: PspReply): ProviderRefund => (reply.status === 404 ? { status: 'unknown' } : refundState.parse(answered(reply)));

const verify = (secret: string, signed: SignedNotice, at: Instant): VerifiedNotice => {
  if (!isSignedBy(secret, signed)) return { ok: false, code: 'NOTICE_FORGED' };
  if (!isFresh(signed.timestamp, at)) return { ok: false, code: 'NOTICE_STALE' };
  const parsed = noticeBody.safeParse(jsonOf(signed.body));
  return parsed.success ? { ok: true, notice: noticeOf(parsed.data) } : { ok: false, code: 'NOTICE_MALFORMED' };
};
const jsonOf = (body: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
};

const noticeOf = (said: z.infer<typeof noticeBody>): Notice => {
  const head = { noticeId: said.id, merchantId: said.merchant, paymentId: said.payment, at: instant(said.at) };
  switch (said.kind) {
    case 'paid':
      return { ...head, kind: said.kind, transactionId: said.transaction, received: said.amount };
    case 'failed':
    case 'closed':
      return { ...head, kind: said.kind, ...(said.reason !== undefined && { reason: said.reason }) };
    case 'refunded':
      return { ...head, kind: said.kind, refundId: said.refund, amount: said.amount, status: said.status, ...(said.reason !== undefined && { reason: said.reason }) };
    case 'charged_back':
      return { ...head, kind: said.kind, chargebackId: said.chargeback, amount: said.amount, fee: said.fee };
    case 'chargeback_won':
    case 'chargeback_lost':
      return { ...head, kind: said.kind, chargebackId: said.chargeback };
  }
};
