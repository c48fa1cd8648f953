import { FEATURES } from '../application/features.js';
import type { Bindings } from '../application/rule-program.js';
import { celCompiler } from './cel-compiler.js';

const compiler = celCompiler((name) => FEATURES.get(name)?.type);
const holds = (text: string, bindings: Bindings): boolean | undefined => {
  const compiled = compiler.compile(text);
  if (!compiled.ok) throw new Error(compiled.problem.en);
  return compiled.condition.holds(bindings);
};
const problem = (text: string): string => {
  const compiled = compiler.compile(text);
  return compiled.ok ? 'compiles' : `${compiled.problem.line}:${compiled.problem.column} ${compiled.problem.en}`;
};

it.each([
  ['order_amount > 1000 && order_units == 2', true], ['order_amount / order_units >= 600', true], ['double(order_amount) * 0.5 < 600.0', false],
  ['ip_network in ["tor", "vpn"]', true], ['"prd_b" in products || list_block', true], ['email_domain.endsWith(".example") ? order_units > 1 : false', true],
  ['email_domain.matches("^[a-z]+[.]example$")', true], ['size(products) == 2 && !list_allow', true], ['order_units - 5 < 0', true],
])('%s', (text, expected) => {
  const bindings = { order_amount: 1200n, order_units: 2n, ip_network: 'vpn', products: ['prd_a', 'prd_b'], list_block: false, list_allow: false, email_domain: 'mail.example' };
  expect(holds(text, bindings)).toBe(expected);
});

it('names the features a condition reads', () => {
  const compiled = compiler.compile('order_units > 1 && (list_block || order_units < 9)');
  expect(compiled.ok && compiled.condition.features).toEqual(['order_units', 'list_block']);
});

it.each([
  ['order_units >', /^1:\d+ syntax error/], ['order_unitz > 1', /^1:1 there is no feature order_unitz$/], ['order_units', /of type int$/],
  ['list_block && order_units', /&& does not take bool, int$/], ['order_units > "1"', /> does not take int, string$/], ['order_units + 0.5 > 1.0', /\+ does not take int, double$/],
  ['products.exists(p, p == "x")', /loops .* not allowed/], ['order.units > 1', /fields and structures are not allowed/], ['getSecret(order_units)', /the function getSecret is not allowed/],
  ['email_domain.matches("(")', /no RE2 expression$/], ['email_domain.matches("(a)\\\\1")', /no RE2 expression$/], ['email_domain.matches(email_domain)', /is a constant/],
  [Array.from({ length: 150 }, () => 'true').join(' || '), /more than 200 nodes$/], [`list_block // ${'x'.repeat(2_000)}`, /at most 2000 characters$/],
  ['constructor == 1', /no feature constructor$/], ['toString()', /function toString is not allowed/], ['b"x" == b"x"', /only integers, decimals, texts/],
])('%s is refused: %s', (text, expected) => expect(problem(text)).toMatch(expected));

it('points to the line and column', () => expect(problem('list_block &&\n  order_unitz > 1')).toBe('2:3 there is no feature order_unitz'));

it('takes a condition that cannot be evaluated as not held', () => {
  expect(holds('order_amount / order_units > 1', { order_amount: 1n, order_units: 0n })).toBeUndefined();
  expect(holds('order_amount * order_amount > 1', { order_amount: 2n ** 62n })).toBeUndefined();
});

it('matches in linear time what would take a backtracking engine for ever', () => {
  // 2^250 ways to try: with such an engine this would not end.
  expect(holds('email_domain.matches("^(a+)+$")', { email_domain: `${'a'.repeat(250)}!` })).toBe(false);
});
