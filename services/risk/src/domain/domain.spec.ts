import fc from 'fast-check';
import { instant } from '@vouchsafe/kernel';
import { specification } from '@vouchsafe/testing';
import { type Entry, listDecider, type ListEvent } from './list.js';
import { type Opened, reviewDecider, type ReviewEvent } from './review.js';
import { conclude, type Rule } from './rules.js';
import { type RuleSetEvent, ruleSetDecider, VERSIONS_KEPT } from './ruleset.js';
import { signalDecider } from './signal.js';
import { type Verdict, verdictDecider } from './verdict.js';

const at = instant(1_000);
const rule = (name: string, action: Rule['action'] = 'deny', shadow = false): Rule => ({ name, action, when: 'true', zh: '规则', en: 'rule', shadow });

describe('a conclusion', () => {
  it('is the strongest of the rules that hold, reasons strongest first', () => {
    expect(conclude([rule('c', 'challenge'), rule('d', 'deny'), rule('r', 'review')], false)).toEqual({ verdict: 'deny', reasons: ['d', 'r', 'c'], shadow: [] });
    expect(conclude([], false)).toEqual({ verdict: 'allow', reasons: [], shadow: [] });
  });
  it('lets a shadow rule decide nothing, and asks a met challenge only once', () => {
    expect(conclude([rule('s', 'deny', true), rule('c', 'challenge')], true)).toEqual({ verdict: 'allow', reasons: [], shadow: ['s'] });
    expect(conclude([rule('c', 'challenge'), rule('r', 'review')], true)).toEqual({ verdict: 'review', reasons: ['r'], shadow: [] });
  });
  it('does not hang on the order of the rules', () => {
    const anyRule = fc.tuple(fc.constantFrom('deny', 'review', 'challenge' as const), fc.boolean()).map(([action, shadow], ) => ({ action, shadow }));
    fc.assert(fc.property(fc.array(anyRule, { maxLength: 10 }), fc.boolean(), (some, met) => {
      const rules = some.map(({ action, shadow }, i) => rule(`r${i}`, action, shadow));
      return conclude(rules, met).verdict === conclude([...rules].reverse(), met).verdict;
    }));
  });
});

describe('a verdict', () => {
  const verdict: Verdict = {
    orderId: 'ord_1', channelId: 'chn_a', verdict: 'allow', reasons: [], shadow: [], ruleSet: 'shipped@1', features: {}, parties: {}, lines: [],
    total: { minor: 1n, currency: 'CNY' }, challengeMet: false, at,
  };
  const verdicts = specification(verdictDecider);
  it('is given once: the first one stands', () => {
    verdicts.given().when({ type: 'GiveVerdict', ...verdict }).then({ type: 'VerdictGiven', ...verdict });
    verdicts.given({ type: 'VerdictGiven', ...verdict }).when({ type: 'GiveVerdict', ...verdict, verdict: 'deny' }).then();
    expect(verdicts.given({ type: 'VerdictGiven', ...verdict }).state()).toEqual({ type: 'VerdictGiven', ...verdict });
  });
});

it('records a signal once, and refuses another body under its id', () => {
  const signals = specification(signalDecider);
  const signal = { kind: 'login', channelId: 'chn_a', parties: { buyer: 'tok_b' }, occurredAt: at, print: 'p' } as const;
  signals.given().when({ type: 'RecordSignal', ...signal }).then({ type: 'SignalRecorded', ...signal });
  signals.given({ type: 'SignalRecorded', ...signal }).when({ type: 'RecordSignal', ...signal, occurredAt: instant(2_000) }).then();
  signals.given({ type: 'SignalRecorded', ...signal }).when({ type: 'RecordSignal', ...signal, print: 'q' }).rejected('REQUEST_ID_REUSED');
});

describe('a review', () => {
  const opened: Opened = { verdictId: 'vdt_1', orderId: 'ord_1', channelId: 'chn_a', total: { minor: 1n, currency: 'CNY' }, reasons: ['r'], until: instant(5_000), at };
  const open: ReviewEvent = { type: 'ReviewOpened', ...opened };
  const resolve = (decision: 'allow' | 'deny', ms = 2_000) => ({ type: 'ResolveReview', decision, by: 'pri_a', note: '', at: instant(ms) }) as const;
  const resolved = (decision: 'allow' | 'deny'): ReviewEvent => ({ type: 'ReviewResolved', orderId: 'ord_1', verdictId: 'vdt_1', decision, by: 'pri_a', note: '', at: instant(2_000) });
  const reviews = specification(reviewDecider);
  it('is opened once and resolved once', () => {
    reviews.given().when({ type: 'OpenReview', ...opened }).then(open);
    reviews.given(open).when({ type: 'OpenReview', ...opened }).then();
    reviews.given(open).when(resolve('allow')).then(resolved('allow'));
    reviews.given(open, resolved('allow')).when(resolve('allow', 9_000)).then();
    reviews.given(open, resolved('allow')).when(resolve('deny')).rejected('REVIEW_ALREADY_RESOLVED', { decision: 'allow' });
  });
  it('is decided until its time is up, not after', () => {
    reviews.given(open).when(resolve('deny', 5_000)).then({ ...resolved('deny'), at: instant(5_000) });
    reviews.given(open).when(resolve('deny', 5_001)).rejected('REVIEW_TIMED_OUT');
    reviews.given().when(resolve('deny')).rejected('REVIEW_UNKNOWN');
  });
});

describe('rule sets', () => {
  const sets = specification(ruleSetDecider);
  const published = (version: number, rules = [rule(`v${version}`)]): RuleSetEvent => ({ type: 'RuleSetPublished', version, rules, note: '', at });
  const drafted: RuleSetEvent = { type: 'RuleSetDrafted', rules: [rule('draft')], note: '', at };
  it('are published from what is given, or else from the draft, which is then used up', () => {
    sets.given(drafted).when({ type: 'Publish', note: '', at }).then(published(1, [rule('draft')]));
    sets.given(drafted, published(1)).when({ type: 'Publish', note: '', at }).rejected('NO_DRAFT');
    sets.given(published(1)).when({ type: 'Publish', rules: [rule('v2')], note: '', basedOn: 1, at }).then(published(2));
  });
  it('are not published over a version the writer has not seen', () =>
    sets.given(published(1)).when({ type: 'Publish', rules: [rule('x')], note: '', basedOn: 0, at }).rejected('ETAG_MISMATCH', { version: '1' }));
  it('go back to a version that was in force, or to the shipped ones', () => {
    sets.given(published(1), published(2)).when({ type: 'RollBack', to: 1, note: 'oops', at }).then({ type: 'RuleSetRolledBack', to: 1, note: 'oops', at });
    sets.given(published(1)).when({ type: 'RollBack', to: 0, note: '', at }).then({ type: 'RuleSetRolledBack', to: 0, note: '', at });
    sets.given(published(1)).when({ type: 'RollBack', to: 1, note: '', at }).then();
    sets.given(published(1)).when({ type: 'RollBack', to: 7, note: '', at }).rejected('VERSION_UNKNOWN');
    expect(sets.given(published(1), published(2), { type: 'RuleSetRolledBack', to: 1, note: '', at }).state().active).toBe(1);
  });
  it('keep a bounded number of versions', () => {
    const many = Array.from({ length: VERSIONS_KEPT + 5 }, (_, i) => published(i + 1));
    expect(sets.given(...many).state().versions.map(({ version }) => version)).toEqual(Array.from({ length: VERSIONS_KEPT }, (_, i) => i + 6));
  });
});

describe('a list', () => {
  const lists = specification(listDecider);
  const head = { id: 'lis_a', zh: '名单', en: 'list', subject: 'device', purpose: 'block' } as const;
  const created: ListEvent = { type: 'ListCreated', ...head, at };
  const added = (...entries: readonly Entry[]): ListEvent => ({ type: 'ListEntriesAdded', entries, at });
  const entry = (value: string, until?: number): Entry => ({ value, ...(until !== undefined && { until: instant(until) }) });
  it('is created once', () => {
    lists.given().when({ type: 'CreateList', ...head, at }).then(created);
    lists.given(created).when({ type: 'CreateList', ...head, at }).then();
    lists.given(created).when({ type: 'CreateList', ...head, purpose: 'allow', at }).rejected('LIST_EXISTS');
    lists.given().when({ type: 'AddEntries', entries: [entry('a')], at }).rejected('LIST_UNKNOWN');
  });
  it('takes only what it does not have yet, or has with another end', () => {
    lists.given(created, added(entry('a'))).when({ type: 'AddEntries', entries: [entry('a'), entry('b')], at }).then(added(entry('b')));
    lists.given(created, added(entry('a'))).when({ type: 'AddEntries', entries: [entry('a')], at }).then();
    lists.given(created, added(entry('a'))).when({ type: 'AddEntries', entries: [entry('a', 9)], at }).then(added(entry('a', 9)));
    lists.given(created, added(entry('a'))).when({ type: 'RemoveEntries', values: ['a', 'z'], at }).then({ type: 'ListEntriesRemoved', values: ['a'], at });
    lists.given(created).when({ type: 'RemoveEntries', values: ['z'], at }).then();
  });
  it('names its file; the same file again is already so', () => {
    const file = { sha256: 'f'.repeat(64), name: 'x.txt', entries: 3 };
    lists.given(created).when({ type: 'LoadFile', ...file, at }).then({ type: 'ListFileLoaded', ...file, at });
    lists.given(created, { type: 'ListFileLoaded', ...file, at }).when({ type: 'LoadFile', ...file, at }).then();
  });
});
