import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { serviceConfig } from './config.js';
import { configOf } from './run-process.js';
import { settingsProblems } from './run-service.js';
import { parseTargets } from './targets.js';

const RIGHT = {
  VOUCHSAFE_NAMESPACE: 'sandbox', VOUCHSAFE_RPC_TARGETS: '*=dns:///vouchsafe-*:7000', VOUCHSAFE_SIGNING_KEY: '/keys/order.pem', VOUCHSAFE_TRUSTED_KEYS: '/keys/trusted.json',
  VOUCHSAFE_KAFKA_BROKERS: 'kafka-0:9092, [::1]:9092', VOUCHSAFE_EVENT_STORE: 'esdb://store:2113?tls=true', VOUCHSAFE_MONGO_URI: 'mongodb://mongo/?replicaSet=rs0', PATH: 'of others',
};
const KMS = { VOUCHSAFE_KMS_ADDRESS: 'https://kms:8200', VOUCHSAFE_KMS_KEY: 'vouchsafe', VOUCHSAFE_KMS_TOKEN_FILE: '/var/run/kms/token' };
const parse = (env: Readonly<Record<string, string | undefined>>) =>
  configOf({ schema: serviceConfig, problems: ({ VOUCHSAFE_SETTINGS: given }) => settingsProblems(z.strictObject({ sweepMs: z.number().min(100).default(500) }), given) }, env);
const problemsOf = (more: Readonly<Record<string, string | undefined>>): string[] => {
  const parsed = parse({ ...RIGHT, ...more });
  return parsed.ok ? [] : parsed.problems.map(({ variable, zh, en }) => `${variable}: ${zh} / ${en}`);
};

it('takes what is right, with defaults for the rest', () => {
  expect(parse(RIGHT)).toMatchObject({ ok: true, config: { VOUCHSAFE_KAFKA_BROKERS: ['kafka-0:9092', '[::1]:9092'], VOUCHSAFE_RPC_PORT: 7000, VOUCHSAFE_RPC_TARGETS: { order: 'dns:///vouchsafe-order:7000' } } });
});

it('takes a KMS in place of a key, also one behind an agent on this machine', () => {
  expect(parse({ ...RIGHT, ...KMS })).toMatchObject({ ok: true, config: { ...KMS, VOUCHSAFE_KMS_MOUNT: 'transit' } });
  expect(parse({ ...RIGHT, ...KMS, VOUCHSAFE_KMS_ADDRESS: 'http://[::1]:8200' })).toMatchObject({ ok: true });
});

it('tells all that is wrong at once, each variable with its reason in both languages and never its value', () => {
  const told = problemsOf({ VOUCHSAFE_NAMESPACE: undefined, VOUCHSAFE_RPC_TARGETS: 'orders=secret-1', VOUCHSAFE_KAFKA_BROKERS: 'secret-2', VOUCHSAFE_EVENT_STORE: 'secret-3', VOUCHSAFE_MONGO_URI: 'secret-4', VOUCHSAFE_RPC_PORT: 'seventy', VOUCHSAFE_SETTINGS: '[' });
  expect(told.map((line) => line.split(':')[0])).toEqual(['VOUCHSAFE_NAMESPACE', 'VOUCHSAFE_RPC_PORT', 'VOUCHSAFE_RPC_TARGETS', 'VOUCHSAFE_KAFKA_BROKERS', 'VOUCHSAFE_SETTINGS', 'VOUCHSAFE_EVENT_STORE', 'VOUCHSAFE_MONGO_URI']);
  expect(told.join('\n')).not.toContain('secret');
  for (const line of told) expect(line).toMatch(/[一-鿿].* \/ .*[a-z]/);
});

it.each([
  [{ VOUCHSAFE_RPC_HOST: '0.0.0.0' }, 'VOUCHSAFE_RPC_HOST'],
  [{ VOUCHSAFE_RPC_TLS_CA: 'ca.pem' }, 'VOUCHSAFE_RPC_TLS_CERT'],
  [{ VOUCHSAFE_KAFKA_SASL_USER: 'order' }, 'VOUCHSAFE_KAFKA_SASL_MECHANISM'],
  [{ VOUCHSAFE_NAMESPACE: 'live', VOUCHSAFE_DATA: '/data', VOUCHSAFE_VAULT_KEY: '/data/vault.key' }, 'VOUCHSAFE_VAULT_KEY'],
  [{ VOUCHSAFE_KMS_KEY: 'vouchsafe' }, 'VOUCHSAFE_KMS_ADDRESS'],
  [{ ...KMS, VOUCHSAFE_KMS_TOKEN_FILE: undefined }, 'VOUCHSAFE_KMS_ADDRESS'],
  [{ ...KMS, VOUCHSAFE_KMS_ADDRESS: 'http://kms:8200' }, 'VOUCHSAFE_KMS_ADDRESS'],
  [{ ...KMS, VOUCHSAFE_VAULT_SECRET: '0a'.repeat(32) }, 'VOUCHSAFE_VAULT_SECRET'],
  [{ VOUCHSAFE_BUS_MISHAPS: '{"drop":2}' }, 'VOUCHSAFE_BUS_MISHAPS'],
  [{ VOUCHSAFE_NAMESPACE: 'live', VOUCHSAFE_BUS_MISHAPS: '{"drop":0.01}' }, 'VOUCHSAFE_BUS_MISHAPS'],
  [{ VOUCHSAFE_SETTINGS: '{"sweepMs":1}' }, 'VOUCHSAFE_SETTINGS'],
  [{ VOUCHSAFE_SETTINGS: '{"sweap":1}' }, 'VOUCHSAFE_SETTINGS'],
])('refuses %j, and names %s', (more, variable) => {
  const told = problemsOf(more);
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(new RegExp(`^${variable}: `));
});

it('reads a secret from the file that a variable names, once', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-config-'));
  const file = path.join(folder, 'uri');
  writeFileSync(file, 'mongodb://order:pass@mongo\n');
  expect(parse({ ...RIGHT, VOUCHSAFE_MONGO_URI: undefined, VOUCHSAFE_MONGO_URI_FILE: file })).toMatchObject({ ok: true, config: { VOUCHSAFE_MONGO_URI: 'mongodb://order:pass@mongo' } });
  expect(problemsOf({ VOUCHSAFE_MONGO_URI_FILE: file })[0]).toMatch(/^VOUCHSAFE_MONGO_URI_FILE: .*only one/);
  expect(problemsOf({ VOUCHSAFE_MONGO_URI: undefined, VOUCHSAFE_MONGO_URI_FILE: path.join(folder, 'absent') })[0]).toMatch(/^VOUCHSAFE_MONGO_URI_FILE: .*ENOENT/);
  rmSync(folder, { recursive: true });
});

it('finds every service where it is told to be', () => {
  expect(parseTargets('*=dns:///v-*:7000, order=ipv4:127.0.0.1:1')).toMatchObject({ order: 'ipv4:127.0.0.1:1', risk: 'dns:///v-risk:7000' });
  expect(parseTargets('order=a')).toEqual({ order: 'a' });
  for (const wrong of ['', 'order', 'orders=a', '=a', 'order=']) expect(parseTargets(wrong)).toBeUndefined();
});
