import type { DeciderHost } from '@vouchsafe/event-store';
import type { Instant } from '@vouchsafe/kernel';
import { type Approval, type ApprovalCommand, type ApprovalEvent, type ApprovalRejection, type ApprovalState, approval as decider, type Frozen, isOpen } from '../domain/approval.js';
import { type Asked, derivedText, envelopeOf } from './commands.js';
import type { PrincipalState } from '../domain/principal.js';
import { isIndependent, mayDecide } from './independence.js';
import type { AccessPorts } from './ports.js';
import { approvalStream } from './streams.js';

export type ApprovalHost = DeciderHost<ApprovalState, ApprovalCommand, ApprovalEvent, ApprovalRejection>;
/** APPROVER_UNFIT: set up by the requester, no person, or no longer one who may decide. */
export type ApprovalResult = { readonly ok: true; readonly approval: Approval } | { readonly ok: false; readonly code: ApprovalRejection | 'APPROVER_UNFIT'; readonly details: Readonly<Record<string, string>> };
export type Opened = { readonly approvalId: string; readonly expiresAt: Instant };

/** How often the same request of the same person may be asked about anew (rejected, used, expired) before a new wording is due. */
const REASKED_MAX = 200;

/** Second persons' decisions about frozen requests. */
export class Approvals {
  constructor(readonly ports: AccessPorts, readonly host: ApprovalHost, readonly principalOf: (principalId: string) => Promise<PrincipalState>) {}

  async get(approvalId: string): Promise<Approval | undefined> {
    return (await this.host.load(approvalStream.of(approvalId))).state;
  }

  /** The open approval of this request, made if there is none: asking again finds the same one. Undefined after too many. */
  async open(frozen: Frozen, requestJson: string): Promise<Opened | undefined> {
    const { clock, ids, vault } = this.ports;
    for (let n = 0; n < REASKED_MAX; n++) {
      const approvalId = `apr_${derivedText('approval', frozen.method, frozen.requestHash, frozen.requester, String(n))}`;
      const known = await this.get(approvalId);
      const at = clock.now();
      if (known && isOpen(known, at)) return { approvalId, expiresAt: known.expiresAt };
      if (known) continue;
      const requestRef = await vault.keep('request', requestJson);
      const handled = await this.host.handle(
        approvalStream.of(approvalId), { type: 'RequestApproval', ...frozen, requestRef, at }, envelopeOf(ids, { principal: frozen.requester, requestId: approvalId }, approvalId, at),
      );
      if (handled.ok && handled.state) return { approvalId, expiresAt: handled.state.expiresAt };
    }
    return undefined;
  }

  async decide(asked: Asked, approvalId: string, command: Exclude<ApprovalCommand, { type: 'RequestApproval' }>, dry: boolean): Promise<ApprovalResult> {
    const stream = approvalStream.of(approvalId);
    if (!(await this.#isFit(approvalId, command))) return { ok: false, code: 'APPROVER_UNFIT', details: {} };
    if (dry) {
      const { state } = await this.host.load(stream);
      const decision = decider.decide(command, state);
      return decision.ok ? { ok: true, approval: decision.events.reduce(decider.evolve, state)! } : decision;
    }
    const handled = await this.host.handle(stream, command, envelopeOf(this.ports.ids, asked, approvalId, command.at, command.type));
    return handled.ok ? { ok: true, approval: handled.state! } : { ok: false, code: handled.code, details: handled.details };
  }

  /** Asked when somebody approves, and again when the approval is used: roles may have changed in between. */
  async #isFit(approvalId: string, command: ApprovalCommand): Promise<boolean> {
    if (command.type !== 'Approve' && command.type !== 'UseApproval') return true;
    const approval = await this.get(approvalId);
    const approver = command.type === 'Approve' ? command.by : approval?.step === 'approved' ? approval.by : undefined;
    // Own, unknown and undecided ones are told as such.
    if (!approval || approver === undefined || approver === approval.requester) return true;
    return mayDecide(await this.principalOf(approver)) && isIndependent(this.ports.store, approver, approval.requester);
  }

  /** What the approver reads; undefined where it was erased. */
  requestOf(approval: Approval): Promise<string | undefined> {
    return this.ports.vault.reveal(approval.requestRef);
  }
}
