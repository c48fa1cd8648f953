import { create, type DescMethod, getOption, toBinary } from '@bufbuild/protobuf';
import { AccessService } from '@vouchsafe/proto/access/v1/access';
import { Approval_State } from '@vouchsafe/proto/access/v1/resources';
import { access } from '@vouchsafe/proto/common/v1/options';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { PUBLIC_SERVICES } from '../public-services.js';
import { Premises } from './testing/premises.js';
import { httpForm } from './testing/requests.js';
import type { Told } from './testing/wire.js';

const guarded = PUBLIC_SERVICES.flatMap(({ methods }) => methods).filter((method) => getOption(method, access).twoPersons);
const { approve, reject, removeRole } = AccessService.method;

describe('what needs two persons in live', () => {
  let premises: Premises;
  const ids: Record<string, string> = {};
  let events = 0;
  let tried = 0;
  let nth = 0;

  beforeAll(async () => {
    premises = await Premises.open({ namespaces: ['live'] });
    const made = await premises.running('live').access.bootstrap.admin();
    if (!made.ok) throw new Error(made.code);
    premises.keys.set('root', made.key.key.reveal());
    // Whoever asks may do everything one person can, so that nothing but the second person is missing.
    const everything = ['admin', 'operator', 'finance', 'custodian', 'support', 'approver'];
    for (const name of ['boss', 'peer', 'third']) ids[name] = await premises.hire(name, { roles: everything }, 'root');
    ids.puppet = await premises.hire('puppet', { roles: everything }, 'boss');
    ids.leaving = await premises.hire('leaving', { roles: ['approver'] }, 'root');
    events = (await premises.events('live')).length;
  });
  afterAll(() => premises.close());

  /** A request that no other one is like: its fields are not looked at before the approval is. */
  const fresh = (method: DescMethod) => {
    const fields = Object.fromEntries(method.input.fields.flatMap((field) => {
      if (field.name === 'request_id') return [[field.localName, `r-${nth++}`]];
      return field.name === 'reason' || field.name === 'bank_reference' ? [[field.localName, `because ${nth}`]] : [];
    }));
    return create(method.input, fields);
  };
  const send = async (who: string, method: DescMethod, request: ReturnType<typeof fresh>, approvalId = ''): Promise<Told> => {
    tried++;
    return premises.wire.send(method, [toBinary(method.input, request)], premises.as(who, approvalId === '' ? {} : { 'x-approval-id': approvalId }));
  };
  const asked = async (who: string, method: DescMethod, request: ReturnType<typeof fresh>): Promise<string> => {
    const told = await send(who, method, request);
    expect([told.status, told.code]).toEqual([9, 'APPROVAL_REQUIRED']);
    return told.details.approvalId!;
  };
  const decide = async (who: string, approvalId: string, how: typeof approve | typeof reject = approve): Promise<string> => (await premises.wire.ask(how, [{ approvalId }], premises.as(who))).code;

  it.each(guarded.map((method) => [method.name, method] as const))('%s does not go through with one', async (_name, method) => {
    const request = fresh(method);
    const approvalId = await asked('boss', method, request);
    const refusals = [
      (await send('boss', method, request, approvalId)).code,
      await decide('boss', approvalId), await decide('puppet', approvalId),
      (await send('boss', method, request, approvalId)).code,
      (await send('boss', method, request, `apr_${'0'.repeat(32)}`)).code,
      (await send('boss', method, request, 'yes')).code,
    ];
    expect(refusals).toEqual(['APPROVAL_PENDING', 'OWN_APPROVAL', 'APPROVER_UNFIT', 'APPROVAL_PENDING', 'APPROVAL_UNKNOWN', 'APPROVAL_UNKNOWN']);
    expect(await decide('peer', approvalId)).toBe('');
    const edited = create(method.input, { ...request, requestId: 'another one' });
    const otherMethod = guarded[(guarded.indexOf(method) + 1) % guarded.length]!;
    const others = [
      (await send('boss', method, edited, approvalId)).code,
      (await send('third', method, request, approvalId)).code, (await send('peer', method, request, approvalId)).code, (await send('puppet', method, request, approvalId)).code,
      (await send('boss', otherMethod, fresh(otherMethod), approvalId)).code,
    ];
    expect(others).toEqual(['APPROVAL_DIFFERS', 'APPROVAL_UNKNOWN', 'APPROVAL_UNKNOWN', 'APPROVAL_UNKNOWN', 'APPROVAL_DIFFERS']);
    const rejected = fresh(method);
    const rejectedId = await asked('boss', method, rejected);
    expect(await decide('peer', rejectedId, reject)).toBe('');
    expect(await decide('third', rejectedId)).toBe('APPROVAL_DECIDED');
    expect((await send('boss', method, rejected, rejectedId)).code).toBe('APPROVAL_REJECTED');
  });

  it('does not go through when the second one lost the right meanwhile', async () => {
    const left = await Promise.all(guarded.map(async (method) => {
      const request = fresh(method);
      const approvalId = await asked('boss', method, request);
      expect(await decide('leaving', approvalId)).toBe('');
      return { method, request, approvalId };
    }));
    await premises.wire.get(removeRole, { principalId: ids.leaving!, role: 'approver' }, premises.as('root'));
    for (const { method, request, approvalId } of left) expect((await send('boss', method, request, approvalId)).code).toBe('APPROVER_UNFIT');
  });

  it('was tried often enough, and nothing at all came of it', async () => {
    expect(tried).toBeGreaterThan(130);
    const since = (await premises.events('live')).slice(events);
    expect(since.length).toBeGreaterThan(50);
    expect([...new Set(since.map(({ stream }) => stream.split('-')[0]))].sort()).toEqual(['approval', 'principal']);
    expect(since.filter(({ type }) => type.startsWith('access.ApprovalUsed'))).toEqual([]);
  });

  it('goes through once with the other’s yes, whoever of twenty comes first, and over HTTP as over gRPC', async () => {
    const deposit = LedgerService.method.createDeposit;
    const request = create(deposit.input, { channelId: 'chn_none', amount: { minor: 5n, currency: 'CNY' }, bank: 'icbc', bankReference: 'ONCE', requestId: 'once' });
    const approvalId = await asked('boss', deposit, request);
    await decide('peer', approvalId);
    const form = httpForm(deposit, request)!;
    const reordered = JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(form.body!) as object).reverse()));
    const answers = await Promise.all([
      ...Array.from({ length: 19 }, async () => (await send('boss', deposit, request, approvalId)).code),
      premises.http('POST', form.path, 'boss', { body: reordered, headers: { 'x-approval-id': approvalId } }).then(({ json }) => String(json['code'])),
    ]);
    // The channel does not exist: whoever was let in is told so, all others that the approval was used.
    expect(answers.filter((code) => code !== 'APPROVAL_USED')).toHaveLength(1);
    const known = await premises.wire.get(AccessService.method.getApproval, { approvalId }, premises.as('peer'));
    expect([known.state, known.requester, known.approver]).toEqual([Approval_State.USED, ids.boss, ids.peer]);
    expect(known.requestJson).toContain('ONCE');
  });

  it('can be tried out alone, without effect', async () => {
    const before = (await premises.events('live')).length;
    for (const method of guarded.filter(({ input }) => input.fields.some(({ name }) => name === 'validate_only'))) {
      const told = await send('boss', method, create(method.input, { ...fresh(method), validateOnly: true }));
      expect([method.name, told.code]).not.toEqual([method.name, 'APPROVAL_REQUIRED']);
    }
    expect((await premises.events('live')).slice(before).map(({ type }) => type)).toEqual([]);
  });
});
