import { ChannelRole, Presentation, Usage_Kind } from '@vouchsafe/proto/catalog/v1/resources';
import { ProductKind, SettlementMode } from '@vouchsafe/proto/common/v1/types';
import type * as domain from '../../domain/records.js';

const KINDS = [undefined, 'code', 'link', 'top_up', 'own_voucher'] as const;
const MODES = [undefined, 'prepaid', 'credit', 'consumer_pay'] as const;
const PRESENTATIONS = [undefined, 'principal', 'agent'] as const;
const USAGES = ['single', 'single', 'times', 'balance'] as const;

/** Between enums of the contract and words of the domain; undefined is the unspecified value. */
export const productKindFrom = (kind: ProductKind): domain.ProductKind | undefined => KINDS[kind];
export const productKindTo = (kind: domain.ProductKind): ProductKind => KINDS.indexOf(kind);
export const settlementFrom = (mode: SettlementMode): domain.SettlementMode | undefined => MODES[mode];
export const settlementTo = (mode: domain.SettlementMode | undefined): SettlementMode => MODES.indexOf(mode);
export const presentationFrom = (presentation: Presentation): domain.Presentation | undefined => PRESENTATIONS[presentation];
export const presentationTo = (presentation: domain.Presentation | undefined): Presentation => PRESENTATIONS.indexOf(presentation);
export const usageFrom = (usage: Usage_Kind): domain.UsageTerms['usage'] => USAGES[usage] ?? 'single';
export const usageTo = (usage: domain.UsageTerms['usage']): Usage_Kind => USAGES.lastIndexOf(usage);
export const roleFrom = (role: ChannelRole): domain.ChannelSpec['role'] => (role === ChannelRole.AGENT ? 'agent' : 'reseller');
export const roleTo = (role: domain.ChannelSpec['role']): ChannelRole => (role === 'agent' ? ChannelRole.AGENT : ChannelRole.RESELLER);
