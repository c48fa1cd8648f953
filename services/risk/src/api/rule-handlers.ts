import type { MessageInitShape } from '@bufbuild/protobuf';
import { DEFAULT_RULES } from '../domain/default-rules.js';
import type { PublishRuleSetRequest, RiskService, RollBackRuleSetRequest, Rule as RuleMessage, RuleSetSchema, SaveRuleSetDraftRequest } from '@vouchsafe/proto/risk/v1/risk';
import { type CallContext, failureOf, type FieldError, type Handlers, RpcFailure } from '@vouchsafe/rpc';
import { type Clock, type Ids, uuidv5 } from '@vouchsafe/runtime';
import { FEATURES } from '../application/features.js';
import type { RuleSetShelf } from '../application/rulesets.js';
import type { Rule } from '../domain/rules.js';
import { labelOf, type RuleSetCommand, type RuleSets } from '../domain/ruleset.js';
import { riskErrors } from './errors.js';
import { bothWords, pageOf, timestamp, verdictFrom, verdictTo } from './printing.js';

type RuleMethods = 'listFeatures' | 'saveRuleSetDraft' | 'publishRuleSet' | 'rollBackRuleSet' | 'getRuleSet' | 'listRuleSets';
export type RulePorts = { readonly shelf: RuleSetShelf; readonly clock: Clock; readonly ids: Ids };
const RULES_MAX = 200;
const NOTE_MAX = 500;

export const ruleHandlers = (ports: RulePorts): Pick<Handlers<typeof RiskService>, RuleMethods> => ({
  listFeatures: async () => ({ features: [...FEATURES.values()].map(({ name, type, zh, en }) => ({ name, type, words: { zh, en } })) }),
  saveRuleSetDraft: async (request, context) => {
    const rules = checkedRules(ports, request.rules);
    const state = await change(ports, { type: 'SaveDraft', rules, note: noteOf(request), at: ports.clock.now() }, request, context);
    return draftOf(state)!;
  },
  publishRuleSet: async (request, context) => {
    const rules = request.rules.length > 0 ? checkedRules(ports, request.rules) : undefined;
    const state = await change(ports, { type: 'Publish', ...(rules && { rules }), note: noteOf(request), basedOn: versionOf(request.etag), at: ports.clock.now() }, request, context);
    return ruleSetOf(state, state.active)!;
  },
  rollBackRuleSet: async (request, context) => {
    const to = versionOf(request.version) ?? -1;
    const state = await change(ports, { type: 'RollBack', to, note: noteOf(request), at: ports.clock.now() }, request, context);
    return ruleSetOf(state, state.active)!;
  },
  getRuleSet: async ({ version }) => {
    const { state } = await ports.shelf.state();
    const found = version === 'draft' ? draftOf(state) : ruleSetOf(state, version === '' ? state.active : (versionOf(version) ?? -1));
    return found ?? missing();
  },
  listRuleSets: async (request, { caller }) => {
    const { state } = await ports.shelf.state();
    const all = [...state.versions.map(({ version }) => version).reverse(), 0].map((version) => ({ ...ruleSetOf(state, version)!, rules: [] }));
    const { items, nextPageToken } = pageOf(all, request, caller);
    return { ruleSets: [...items], nextPageToken };
  },
});

const missing = (): never => {
  throw failureOf(riskErrors, 'NOT_FOUND');
};

/** `main@3` or `shipped…` as a number; undefined where it is empty, -1 where it is none. */
const versionOf = (label: string): number | undefined => {
  if (label === '') return undefined;
  if (label === 'shipped' || label === DEFAULT_RULES.version) return 0;
  return Number(/^main@(\d{1,6})$/.exec(label)?.[1] ?? -1);
};

const noteOf = ({ note }: { readonly note: string }): string => note.slice(0, NOTE_MAX);

const change = async (ports: RulePorts, command: RuleSetCommand, request: SaveRuleSetDraftRequest | PublishRuleSetRequest | RollBackRuleSetRequest, { caller, trace }: CallContext): Promise<RuleSets> => {
  const commandId = request.requestId === '' ? ports.ids.uuid() : uuidv5(`risk/${caller.principalId}/${command.type}/${request.requestId}`);
  const envelope = { commandId, correlation: commandId, principal: caller.principalId, at: command.at, ...(trace !== undefined && { trace }) };
  const answer = request.validateOnly ? await ports.shelf.wouldChange(command) : await ports.shelf.change(command, envelope);
  if (!answer.ok) throw failureOf(riskErrors, answer.code, answer.details);
  return answer.state;
};

const ruleMessage = ({ name, action, when, zh, en, shadow }: Rule) => ({ name, action: verdictTo(action), when, words: { zh, en }, shadow });
const draftOf = ({ draft }: RuleSets): MessageInitShape<typeof RuleSetSchema> | undefined =>
  draft && { version: 'draft', rules: draft.rules.map(ruleMessage), note: draft.note, active: false, publishedAt: timestamp(draft.at) };
const ruleSetOf = ({ versions, active }: RuleSets, version: number): MessageInitShape<typeof RuleSetSchema> | undefined => {
  if (version === 0) return { version: DEFAULT_RULES.version, rules: DEFAULT_RULES.rules.map(ruleMessage), note: '', active: active === 0 };
  const found = versions.find((one) => one.version === version);
  return found && {
    version: labelOf(version, DEFAULT_RULES.version), rules: found.rules.map(ruleMessage), note: found.note, active: active === version, publishedAt: timestamp(found.at),
  };
};

type Fail = (pointer: string, code: string, zh: string, en: string) => void;
/** Rules that are well-formed and compile; else all that is wrong with them, by rule, name and position. */
const checkedRules = ({ shelf }: RulePorts, messages: readonly RuleMessage[]): readonly Rule[] => {
  const fields: FieldError[] = [];
  const fail: Fail = (pointer, code, zh, en) => void fields.push({ pointer, code, zh, en });
  if (messages.length === 0 || messages.length > RULES_MAX) fail('/rules', 'OUT_OF_RANGE', `应有 1 到 ${RULES_MAX} 条规则`, `takes 1 to ${RULES_MAX} rules`);
  const rules = messages.slice(0, RULES_MAX).map((message, i) => ruleOf(message, `/rules/${i}`, fail));
  const names = new Set<string>();
  rules.forEach(({ name }, i) => {
    if (names.has(name)) fail(`/rules/${i}/name`, 'NAME_TWICE', '名称重复', 'the name is there twice');
    names.add(name);
  });
  const compiled = shelf.tryOut(rules, 'draft');
  if (!compiled.ok) {
    for (const { index, rule, line, column, zh, en } of compiled.problems) {
      fail(`/rules/${index}/when`, 'RULE_INVALID', `规则 ${rule} 第 ${line} 行第 ${column} 列：${zh}`, `rule ${rule}, line ${line}, column ${column}: ${en}`);
    }
  }
  if (fields.length > 0) throw new RpcFailure('invalid', 'RULES_INVALID', {}, { fields });
  return rules;
};

const ruleOf = ({ name, when, words, shadow, action: kind }: RuleMessage, at: string, fail: Fail): Rule => {
  const action = verdictFrom(kind);
  const decides = action !== undefined && action !== 'allow';
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(name)) fail(`${at}/name`, 'NAME_INVALID', '名称只含小写字母、数字与连字符', 'a name has small letters, digits and dashes');
  if (!decides) fail(`${at}/action`, 'FIELD_REQUIRED', '应为验证、审核或拒绝', 'is CHALLENGE, REVIEW or DENY');
  return { name, action: decides ? action : 'review', when, ...bothWords(words, name), shadow };
};
