import { accept, type Decider, type Decision, type Instant, type Message, type Of, reject } from '@vouchsafe/kernel';
import type { Rule } from './rules.js';

export type Published = { readonly version: number; readonly rules: readonly Rule[]; readonly note: string; readonly at: Instant };
export type Draft = { readonly rules: readonly Rule[]; readonly note: string; readonly at: Instant };
/** The rules of a namespace, stream `ruleset-main`. `active` 0 = those shipped with the platform. */
export type RuleSets = { readonly draft?: Draft; readonly active: number; readonly versions: readonly Published[] };

/** `asked`: the version the writer saw as the newest (0 = none); absent = any. */
export type RuleSetCommand =
  | Message<'SaveDraft', Draft>
  | Message<'Publish', { readonly rules?: readonly Rule[]; readonly note: string; readonly basedOn?: number; readonly at: Instant }>
  | Message<'RollBack', { readonly to: number; readonly note: string; readonly at: Instant }>;
export type RuleSetEvent =
  | Message<'RuleSetDrafted', Draft>
  | Message<'RuleSetPublished', Published>
  | Message<'RuleSetRolledBack', { readonly to: number; readonly note: string; readonly at: Instant }>;
export type RuleSetRejection = 'NO_DRAFT' | 'VERSION_UNKNOWN' | 'ETAG_MISMATCH';

/** Versions whose rules are kept at hand; older ones lie in the stream. */
export const VERSIONS_KEPT = 50;

export const ruleSetDecider: Decider<RuleSets, RuleSetCommand, RuleSetEvent, RuleSetRejection> = {
  initial: { active: 0, versions: [] },
  decide: (command, state) => {
    switch (command.type) {
      case 'SaveDraft': return accept({ type: 'RuleSetDrafted', rules: command.rules, note: command.note, at: command.at });
      case 'Publish': return publish(command, state);
      case 'RollBack': {
        if (command.to === state.active) return accept();
        const known = command.to === 0 || state.versions.some(({ version }) => version === command.to);
        return known ? accept({ type: 'RuleSetRolledBack', to: command.to, note: command.note, at: command.at }) : reject('VERSION_UNKNOWN');
      }
    }
  },
  evolve: (state, event) => {
    switch (event.type) {
      case 'RuleSetDrafted': return { ...state, draft: { rules: event.rules, note: event.note, at: event.at } };
      case 'RuleSetPublished': {
        const { version, rules, note, at } = event;
        return { active: version, versions: [...state.versions, { version, rules, note, at }].slice(-VERSIONS_KEPT) };
      }
      case 'RuleSetRolledBack': return { ...state, active: event.to };
    }
  },
};

const publish = ({ rules: given, note, basedOn, at }: Of<RuleSetCommand, 'Publish'>, state: RuleSets): Decision<RuleSetEvent, RuleSetRejection> => {
  const newest = state.versions.at(-1)?.version ?? 0;
  const rules = given ?? state.draft?.rules;
  if (!rules) return reject('NO_DRAFT');
  if (basedOn !== undefined && basedOn !== newest) return reject('ETAG_MISMATCH', { version: String(newest) });
  return accept({ type: 'RuleSetPublished', version: newest + 1, rules, note, at });
};

/** How a version is named in verdicts. */
export const labelOf = (version: number, shipped: string): string => (version === 0 ? shipped : `main@${version}`);
