import { fulfillmentConfig } from './config.js';

const provider = { name: 'a', kind: 'http', baseUrl: 'https://provider.example/api' } as const;
const problems = (input: object): string[] => {
  const parsed = fulfillmentConfig.safeParse({ namespace: 'live', ...input });
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
};

it('takes providers on https, and plain http on this machine only', () => {
  expect(problems({ providers: [provider, { ...provider, name: 'b', baseUrl: 'http://127.0.0.1:8080' }] })).toEqual([]);
  for (const baseUrl of ['http://provider.example', 'ftp://provider.example', 'https://u:p@provider.example', 'https://provider.example/?x=1', 'nonsense']) {
    expect(problems({ providers: [{ ...provider, baseUrl }] }).at(-1)).toMatch(/^providers\.0\.baseUrl: /);
  }
});
it('never composes a sandbox provider into live', () => {
  expect(problems({ providers: [{ ...provider, kind: 'sandbox' }] })).toEqual(['providers.0.kind: a sandbox provider cannot serve live orders']);
  expect(problems({ namespace: 'sandbox', providers: [{ ...provider, kind: 'sandbox' }] })).toEqual([]);
});
it('checks the fields against each other and reports all problems', () => {
  expect(problems({ providers: [{ ...provider, next: 'z', timeoutMs: 60_000 }, provider], silenceMs: 30_000 })).toEqual([
    'providers.0.next: must name another provider of this list', 'providers.0.timeoutMs: must be shorter than silenceMs', 'providers.1.name: is there twice',
  ]);
});
