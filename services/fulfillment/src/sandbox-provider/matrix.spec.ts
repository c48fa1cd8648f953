import { memoryStore } from '@vouchsafe/event-store';
import { simulatedClock } from '@vouchsafe/runtime';
import { TEST_START } from '@vouchsafe/testing';
import { configuredProviders } from '../adapters/providers.js';
import { fulfillmentConfig } from '../config.js';
import { type Counter, openCounter } from '../testing/counter.js';
import { type SandboxProvider, startSandboxProvider } from './server.js';

describe('top-ups at the sandbox provider, over HTTP', () => {
  const clock = simulatedClock(TEST_START);
  let sandbox: SandboxProvider;
  beforeAll(async () => {
    sandbox = await startSandboxProvider({ clock, lateMs: 30_000 });
  });
  afterAll(() => sandbox.stop());

  const counter = (account: string, next?: string): Counter => {
    const { providers } = fulfillmentConfig.parse({
      namespace: 'sandbox', silenceMs: 75_000,
      providers: [
        { name: 'a', kind: 'sandbox', baseUrl: sandbox.baseUrl, timeoutMs: 150, ...(next !== undefined && { next }) },
        { name: 'b', kind: 'sandbox', baseUrl: sandbox.baseUrl, timeoutMs: 150 },
      ],
    });
    return openCounter({ store: memoryStore(clock), clock, providers: configuredProviders(providers), account });
  };
  const numbers = new Set<string>();
  /** A fresh request number per case, for the provider remembers all of them. */
  const played = async (account: string, rounds = 12) => {
    const at = counter(account);
    const deliveryId = `dlv_${account}`;
    expect(numbers.has(deliveryId)).toBe(false);
    numbers.add(deliveryId);
    await at.start({ deliveryId });
    await at.run(rounds);
    return { at, carriedOut: sandbox.carriedOut(`${deliveryId}.1`), end: (await at.state())?.end, state: await at.state() };
  };

  it.each([
    ['13800000000', 'at once', 1, { outcome: 'succeeded', delivered: 4 }],
    ['13800000001', 'not at all', 0, { outcome: 'failed', delivered: 0, reason: 'ACCOUNT_CLOSED' }],
    ['13800000002', 'without ever answering the submission', 1, { outcome: 'succeeded', delivered: 4 }],
    ['13800000004', 'late', 1, { outcome: 'succeeded', delivered: 4 }],
    ['13800000005', 'without idempotency', 1, { outcome: 'succeeded', delivered: 4 }],
    ['13800000006', 'partly', 1, { outcome: 'partial', delivered: 2 }],
    ['13800000007', 'only at the second submission, the first being lost', 1, { outcome: 'succeeded', delivered: 4 }],
    ['13800000008', 'after being unavailable', 1, { outcome: 'succeeded', delivered: 4 }],
    ['13800000009', 'not, and says so late', 0, { outcome: 'failed', delivered: 0, reason: 'NO_STOCK' }],
    ['13800000010', 'with an unreadable answer', 1, { outcome: 'succeeded', delivered: 4 }],
    ['13800000011', 'after some "unknown"', 1, { outcome: 'succeeded', delivered: 4 }],
  ])('%s: a provider that carries out %s is told once and believed at the end', async (account, _how, times, outcome) => {
    const { carriedOut, end } = await played(account);
    expect({ ...end, at: 0 }).toEqual({ ...outcome, at: 0 });
    expect(carriedOut).toBe(times);
  });

  it('leaves what stays unknown to a person and never tries another provider', async () => {
    const { at, end, state } = await played('13800000003');
    expect(end).toBeUndefined();
    expect(state?.escalated).toMatchObject({ reason: 'SYSTEM_BUSY' });
    expect(state?.attempts).toHaveLength(1);
    expect((await at.events()).filter(({ type }) => type === 'TopUpEscalated')).toHaveLength(1);
  });

  it('asks the next provider only after the first one failed for good', async () => {
    const at = counter('13900000001', 'b');
    await at.start({ deliveryId: 'dlv_next' });
    await at.run(3);
    const state = await at.state();
    expect(state?.attempts.map(({ provider, state: how }) => [provider, how])).toEqual([['a', 'failed'], ['b', 'failed']]);
    expect(state?.end).toMatchObject({ outcome: 'failed' });
  });

  it('takes what the provider charges as cost', async () => {
    const at = counter('13900000006');
    await at.start({ deliveryId: 'dlv_cost', inputTaxRateBp: 600 });
    await at.run(3);
    const ended = (await at.events()).find(({ type }) => type === 'TopUpEnded');
    expect(ended).toMatchObject({ deliveredQuantity: 2, cost: { minor: 1_849n, currency: 'CNY' }, inputTax: { minor: 111n, currency: 'CNY' } });
  });

  it('leaves a dead provider alone after some calls and comes back', async () => {
    const dead = await startSandboxProvider({ clock });
    await dead.stop();
    const [provider] = fulfillmentConfig.parse({ namespace: 'sandbox', providers: [{ name: 'a', kind: 'sandbox', baseUrl: dead.baseUrl }] }).providers;
    const client = configuredProviders([provider!]).get('a')!;
    const signal = new AbortController().signal;
    const answers = [];
    for (let i = 0; i < 6; i++) answers.push(await client.query('x', signal));
    expect(answers.map((answer) => ('reason' in answer ? answer.reason : answer.status))).toEqual([...Array(5).fill('PROVIDER_UNREACHABLE'), 'PROVIDER_LEFT_ALONE']);
  });
});
