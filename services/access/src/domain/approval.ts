import { accept, type Decider, type Decision, type Instant, type Message, type Of, plusMs, reject } from '@vouchsafe/kernel';

/** A request that a second person decides about. Stream `approval-<id>`. `requestHash`: SHA-256 of the frozen request, hex. */
export type ApprovalCommand =
  | Message<'RequestApproval', Frozen & { readonly requestRef: string; readonly at: Instant }>
  | Message<'Approve', { readonly by: string; readonly comment: string; readonly at: Instant }>
  | Message<'Reject', { readonly by: string; readonly reason: string; readonly at: Instant }>
  | Message<'UseApproval', Frozen & { readonly at: Instant }>;
export type Frozen = { readonly method: string; readonly requestHash: string; readonly requester: string };
export type ApprovalEvent =
  | Message<'ApprovalRequested', Frozen & { readonly requestRef: string; readonly expiresAt: Instant; readonly at: Instant }>
  | Message<'ApprovalGranted', { readonly by: string; readonly comment: string; readonly at: Instant }>
  | Message<'ApprovalRejected', { readonly by: string; readonly reason: string; readonly at: Instant }>
  | Message<'ApprovalUsed', { readonly at: Instant }>;
export type ApprovalRejection =
  | 'APPROVAL_UNKNOWN' | 'APPROVAL_EXPIRED' | 'APPROVAL_DECIDED' | 'OWN_APPROVAL'
  | 'APPROVAL_PENDING' | 'APPROVAL_REJECTED' | 'APPROVAL_USED' | 'APPROVAL_DIFFERS';

type Asked = Frozen & { readonly requestRef: string; readonly askedAt: Instant; readonly expiresAt: Instant };
type Decided = { readonly by: string; readonly comment: string; readonly decidedAt: Instant };
export type Approval =
  | (Asked & { readonly step: 'pending' })
  | (Asked & Decided & { readonly step: 'approved' | 'rejected' })
  | (Asked & Decided & { readonly step: 'used'; readonly usedAt: Instant });
export type ApprovalState = Approval | undefined;

/** An approval, decided or not, is worth nothing after this. */
export const APPROVAL_LIFE_MS = 24 * 3_600_000;
type Outcome = Decision<ApprovalEvent, ApprovalRejection>;

const decide = (command: ApprovalCommand, approval: ApprovalState): Outcome => {
  switch (command.type) {
    case 'RequestApproval': {
      const { type: _type, at, ...frozen } = command;
      return approval ? accept() : accept({ type: 'ApprovalRequested', ...frozen, expiresAt: plusMs(at, APPROVAL_LIFE_MS), at } as const);
    }
    case 'Approve': return approve(command, approval);
    case 'Reject': return rejectIt(command, approval);
    case 'UseApproval': return use(command, approval);
  }
};

const approve = ({ by, comment, at }: Of<ApprovalCommand, 'Approve'>, approval: ApprovalState): Outcome => {
  if (!approval) return reject('APPROVAL_UNKNOWN');
  if (approval.requester === by) return reject('OWN_APPROVAL');
  if (approval.step === 'approved' && approval.by === by) return accept();
  if (approval.step !== 'pending') return reject('APPROVAL_DECIDED', { state: approval.step });
  if (at >= approval.expiresAt) return reject('APPROVAL_EXPIRED');
  return accept({ type: 'ApprovalGranted', by, comment, at } as const);
};
const rejectIt = ({ by, reason, at }: Of<ApprovalCommand, 'Reject'>, approval: ApprovalState): Outcome => {
  if (!approval) return reject('APPROVAL_UNKNOWN');
  if (approval.step === 'rejected' && approval.by === by) return accept();
  if (approval.step !== 'pending') return reject('APPROVAL_DECIDED', { state: approval.step });
  if (at >= approval.expiresAt) return reject('APPROVAL_EXPIRED');
  return accept({ type: 'ApprovalRejected', by, reason, at } as const);
};

/** Uses it up, for exactly the frozen request of the one who asked. */
const use = ({ method, requestHash, requester, at }: Of<ApprovalCommand, 'UseApproval'>, approval: ApprovalState): Outcome => {
  if (!approval || approval.requester !== requester) return reject('APPROVAL_UNKNOWN');
  if (approval.method !== method || approval.requestHash !== requestHash) return reject('APPROVAL_DIFFERS');
  switch (approval.step) {
    case 'used': return reject('APPROVAL_USED');
    case 'rejected': return reject('APPROVAL_REJECTED');
    case 'pending': return reject(at >= approval.expiresAt ? 'APPROVAL_EXPIRED' : 'APPROVAL_PENDING');
    case 'approved': return at >= approval.expiresAt ? reject('APPROVAL_EXPIRED') : accept({ type: 'ApprovalUsed', at } as const);
  }
};

const evolve = (approval: ApprovalState, event: ApprovalEvent): ApprovalState => {
  if (event.type === 'ApprovalRequested') {
    const { type: _type, at, ...asked } = event;
    return { ...asked, step: 'pending', askedAt: at };
  }
  if (!approval) return approval;
  switch (event.type) {
    case 'ApprovalGranted': return { ...approval, step: 'approved', by: event.by, comment: event.comment, decidedAt: event.at };
    case 'ApprovalRejected': return { ...approval, step: 'rejected', by: event.by, comment: event.reason, decidedAt: event.at };
    case 'ApprovalUsed': return approval.step === 'approved' ? { ...approval, step: 'used', usedAt: event.at } : approval;
  }
};

/** Whether it can still lead to the request being carried out. */
export const isOpen = (approval: Approval, at: Instant): boolean => (approval.step === 'pending' || approval.step === 'approved') && at < approval.expiresAt;

export const approval: Decider<ApprovalState, ApprovalCommand, ApprovalEvent, ApprovalRejection> = { decide, evolve, initial: undefined };
