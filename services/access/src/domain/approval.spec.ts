import { instant, plusMs } from '@vouchsafe/kernel';
import { specification } from '@vouchsafe/testing';
import { approval, APPROVAL_LIFE_MS, type ApprovalEvent } from './approval.js';

const at = instant(1_700_000_000_000);
const expiresAt = plusMs(at, APPROVAL_LIFE_MS);
const frozen = { method: 'a.B/C', requestHash: 'ff00', requester: 'pri_asks' };
const subject = specification(approval);
const requested: ApprovalEvent = { type: 'ApprovalRequested', ...frozen, requestRef: 'sub_r.0', expiresAt, at };
const granted: ApprovalEvent = { type: 'ApprovalGranted', by: 'pri_decides', comment: '', at };
const rejected: ApprovalEvent = { type: 'ApprovalRejected', by: 'pri_decides', reason: 'no', at };
const approve = { type: 'Approve', by: 'pri_decides', comment: '', at } as const;
const use = { type: 'UseApproval', ...frozen, at } as const;

describe('an approval', () => {
  it('is asked for once', () => {
    const ask = { type: 'RequestApproval', ...frozen, requestRef: 'sub_r.0', at } as const;
    subject.given().when(ask).then(requested);
    subject.given(requested).when(ask).then();
  });
  it('is given by another person', () => {
    subject.given(requested).when(approve).then(granted);
    subject.given(requested, granted).when(approve).then();
    subject.given(requested).when({ ...approve, by: 'pri_asks' }).rejected('OWN_APPROVAL');
  });
  it('is decided once', () => {
    subject.given(requested, granted).when({ type: 'Reject', by: 'pri_other', reason: '', at }).rejected('APPROVAL_DECIDED');
    subject.given(requested, rejected).when(approve).rejected('APPROVAL_DECIDED');
  });
  it('may be withdrawn by whoever asked', () => subject.given(requested).when({ type: 'Reject', by: 'pri_asks', reason: 'oops', at }).then({ ...rejected, by: 'pri_asks', reason: 'oops' }));
  it('is used once, by the same person, for the same request', () => {
    subject.given(requested, granted).when(use).then({ type: 'ApprovalUsed', at });
    subject.given(requested, granted, { type: 'ApprovalUsed', at }).when(use).rejected('APPROVAL_USED');
    subject.given(requested, granted).when({ ...use, requestHash: 'ff01' }).rejected('APPROVAL_DIFFERS');
    subject.given(requested, granted).when({ ...use, method: 'a.B/D' }).rejected('APPROVAL_DIFFERS');
    subject.given(requested, granted).when({ ...use, requester: 'pri_decides' }).rejected('APPROVAL_UNKNOWN');
  });
  it('is worth nothing undecided, rejected or after a day', () => {
    subject.given(requested).when(use).rejected('APPROVAL_PENDING');
    subject.given(requested, rejected).when(use).rejected('APPROVAL_REJECTED');
    subject.given(requested, granted).when({ ...use, at: expiresAt }).rejected('APPROVAL_EXPIRED');
    subject.given(requested).when({ ...approve, at: expiresAt }).rejected('APPROVAL_EXPIRED');
    subject.given().when(use).rejected('APPROVAL_UNKNOWN');
  });
});
