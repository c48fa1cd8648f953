import path from 'node:path';
import { parseConfig } from './config.js';

it('has a default for everything', () => {
  expect(parseConfig({})).toMatchObject({ ok: true, config: { VOUCHSAFE_HOST: '127.0.0.1', VOUCHSAFE_NAMESPACES: ['live', 'sandbox'] } });
});
it('tells all problems at once, by name and never by value', () => {
  const parsed = parseConfig({ VOUCHSAFE_HTTP_PORT: 'eighty', VOUCHSAFE_NAMESPACES: 'staging', VOUCHSAFE_PROFILE: 'secret-value' });
  expect(parsed.ok).toBe(false);
  const problems = parsed.ok ? [] : parsed.problems;
  expect(problems.map(({ variable }) => variable).sort()).toEqual(['VOUCHSAFE_HTTP_PORT', 'VOUCHSAFE_NAMESPACES', 'VOUCHSAFE_PROFILE']);
  expect(JSON.stringify(problems)).not.toMatch(/eighty|staging|secret-value/);
});
it.each([
  [{ VOUCHSAFE_HOST: '0.0.0.0' }, 'VOUCHSAFE_HOST'],
  [{ VOUCHSAFE_TLS_CERT: 'cert.pem' }, 'VOUCHSAFE_TLS_CERT'],
  [{ VOUCHSAFE_HTTP_PORT: '1234', VOUCHSAFE_GRPC_PORT: '1234' }, 'VOUCHSAFE_GRPC_PORT'],
  [{ VOUCHSAFE_DATA: '/d', VOUCHSAFE_KEYS: '/d/keys' }, 'VOUCHSAFE_KEYS'],
  [{ VOUCHSAFE_NAMESPACES: 'sandbox', VOUCHSAFE_ESDB_PORT: '9090' }, 'VOUCHSAFE_ESDB_PORT'],
  [{ VOUCHSAFE_ESDB_PORT: '2113' }, 'VOUCHSAFE_ESDB_NAMESPACE'],
  [{ VOUCHSAFE_NAMESPACES: 'sandbox', VOUCHSAFE_ESDB_PORT: '2113', VOUCHSAFE_ESDB_NAMESPACE: 'live' }, 'VOUCHSAFE_ESDB_NAMESPACE'],
  [{ VOUCHSAFE_ESDB_PORT: '2113', VOUCHSAFE_ESDB_NAMESPACE: 'live' }, 'VOUCHSAFE_ESDB_PORT'],
  [{ VOUCHSAFE_NAMESPACES: 'sandbox', VOUCHSAFE_ESDB_PORT: '2113', VOUCHSAFE_PROFILE: 'production' }, 'VOUCHSAFE_ESDB_PORT'],
])('checks fields against each other: %p', (env, variable) => {
  const parsed = parseConfig(env);
  expect(parsed.ok ? [] : parsed.problems.map((problem) => problem.variable)).toEqual([variable]);
});
it('lets sandbox keys lie with the data, and listens anywhere with TLS', () => {
  expect(parseConfig({ VOUCHSAFE_DATA: '/d', VOUCHSAFE_KEYS: '/d/keys', VOUCHSAFE_NAMESPACES: 'sandbox' }).ok).toBe(true);
  expect(parseConfig({ VOUCHSAFE_HOST: '0.0.0.0', VOUCHSAFE_TLS_CERT: 'cert.pem', VOUCHSAFE_TLS_KEY: 'key.pem' }).ok).toBe(true);
});
it.each(Object.entries({
  VOUCHSAFE_HTTP_PORT: 'eighty', VOUCHSAFE_GRPC_PORT: '70000', VOUCHSAFE_ESDB_PORT: 'x', VOUCHSAFE_ESDB_NAMESPACE: 'x', VOUCHSAFE_NAMESPACES: 'staging', VOUCHSAFE_PROFILE: 'x', VOUCHSAFE_LOG_LEVEL: 'x', VOUCHSAFE_DATA: '', VOUCHSAFE_HOST: '0.0.0.0',
  VOUCHSAFE_TLS_CERT: 'c', OTEL_EXPORTER_OTLP_ENDPOINT: 'x', OTEL_TRACES_SAMPLER_ARG: '7', VOUCHSAFE_DIE_AT: 'x', VOUCHSAFE_KEYS: path.resolve('.vouchsafe/data/keys'),
}))('says in both languages what is wrong with %s', (name, value) => {
  const parsed = parseConfig({ [name]: value });
  const [problem] = parsed.ok ? [] : parsed.problems;
  expect(problem).toEqual({ variable: name, zh: expect.stringMatching(/[\u4e00-\u9fff]/), en: expect.stringMatching(/^[\x20-\x7e]*[a-z]{2}[\x20-\x7e“”≥≤]*$/) });
});
