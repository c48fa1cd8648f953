import type { EventCodec } from '@vouchsafe/codec';
import { DeciderHost, type Envelope, type EventStore, type Folded } from '@vouchsafe/event-store';
import { type Details, Fault, invariant } from '@vouchsafe/kernel';
import type { Clock, Log, Random } from '@vouchsafe/runtime';
import { DEFAULT_RULES } from '../domain/default-rules.js';
import type { Rule } from '../domain/rules.js';
import { labelOf, type RuleSetCommand, ruleSetDecider, type RuleSetEvent, type RuleSetRejection, type RuleSets } from '../domain/ruleset.js';
import { type ConditionCompiler, type Program, programOf, type RuleProblem } from './rule-program.js';

const STREAM = 'ruleset-main';
export type RuleSetsPorts = {
  readonly store: EventStore; readonly clock: Clock; readonly random: Random; readonly log: Log; readonly codec: EventCodec<RuleSetEvent>; readonly compiler: ConditionCompiler;
};
export type Changed = { readonly ok: true; readonly state: RuleSets } | { readonly ok: false; readonly code: RuleSetRejection; readonly details: Details };

/** The rules in force and those before, compiled. */
export class RuleSetShelf {
  readonly #host: DeciderHost<RuleSets, RuleSetCommand, RuleSetEvent, RuleSetRejection>;
  #program: Program;

  constructor(readonly ports: RuleSetsPorts) {
    const { store, clock, random, codec } = ports;
    this.#program = this.#compiled(DEFAULT_RULES.rules, DEFAULT_RULES.version);
    this.#host = new DeciderHost({ store, clock, random, codec, decider: ruleSetDecider, onAccepted: (_, { state }) => this.#adopt(state) });
  }

  /** Reads the rules in force from the stream. */
  async start(): Promise<void> {
    this.#adopt((await this.state()).state);
  }
  program(): Program {
    return this.#program;
  }
  state(): Promise<Folded<RuleSets>> {
    return this.#host.load(STREAM);
  }
  /** Compiles rules that are not in force: for a check, a dry run, a draft. */
  tryOut(rules: readonly Rule[], version: string): { readonly ok: true; readonly program: Program } | { readonly ok: false; readonly problems: readonly RuleProblem[] } {
    return programOf({ version, rules }, this.ports.compiler);
  }
  /** The caller has seen to it that the rules compile. */
  async change(command: RuleSetCommand, envelope: Envelope): Promise<Changed> {
    const answer = await this.#host.handle(STREAM, command, envelope);
    return answer.ok ? { ok: true, state: answer.state } : { ok: false, code: answer.code, details: answer.details };
  }
  /** What a change would answer. */
  async wouldChange(command: RuleSetCommand): Promise<Changed> {
    const { state } = await this.state();
    const decision = ruleSetDecider.decide(command, state);
    return decision.ok ? { ok: true, state: decision.events.reduce(ruleSetDecider.evolve, state) } : decision;
  }

  #adopt({ active, versions }: RuleSets): void {
    const version = labelOf(active, DEFAULT_RULES.version);
    if (version === this.#program.version) return;
    const rules = active === 0 ? DEFAULT_RULES.rules : versions.find((one) => one.version === active)?.rules;
    invariant(rules, 'the active rule set is among those kept');
    this.#program = this.#compiled(rules, version);
    this.ports.log.info({ version, rules: rules.length }, 'rules in force');
  }
  #compiled(rules: readonly Rule[], version: string): Program {
    const compiled = this.tryOut(rules, version);
    // They compiled when they were published; a feature that this binary lacks must not be passed over in silence.
    if (!compiled.ok) throw new Fault('RULES_TOO_NEW', `rule set ${version} does not compile with this binary (${compiled.problems[0]!.rule}); upgrade it`, false);
    return compiled.program;
  }
}
