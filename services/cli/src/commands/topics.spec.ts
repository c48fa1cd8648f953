import { CommandFailure, EXIT } from '../speech.js';
import { linesOf } from './register-topics.js';
import { kafkaOf } from './topics.js';

const refusal = (variables: Record<string, string>, brokers?: string): unknown => {
  try {
    return kafkaOf(variables, brokers);
  } catch (error) {
    return error;
  }
};

describe('where Kafka is', () => {
  it('is what the command line or the variables of the services say', () => {
    expect(kafkaOf({ VOUCHSAFE_KAFKA_BROKERS: 'a:9092, [::1]:9093' }, undefined)).toEqual({ brokers: ['a:9092', '[::1]:9093'] });
    expect(kafkaOf({ VOUCHSAFE_KAFKA_BROKERS: 'a:9092', VOUCHSAFE_KAFKA_TLS_CA: 'system', VOUCHSAFE_KAFKA_SASL_MECHANISM: 'scram-sha-512', VOUCHSAFE_KAFKA_SASL_USER: 'admin', VOUCHSAFE_KAFKA_SASL_PASSWORD: 'x' }, 'b:1'))
      .toEqual({ brokers: ['b:1'], ssl: true, sasl: { mechanism: 'scram-sha-512', username: 'admin', password: 'x' } });
  });
  it.each([
    [{}, 'VOUCHSAFE_KAFKA_BROKERS'], [{ VOUCHSAFE_KAFKA_BROKERS: 'kafka' }, 'VOUCHSAFE_KAFKA_BROKERS'],
    [{ VOUCHSAFE_KAFKA_BROKERS: 'a:1', VOUCHSAFE_KAFKA_TLS_CA: '/nowhere/ca.pem' }, 'VOUCHSAFE_KAFKA_TLS_CA'],
    [{ VOUCHSAFE_KAFKA_BROKERS: 'a:1', VOUCHSAFE_KAFKA_SASL_USER: 'admin' }, 'VOUCHSAFE_KAFKA_SASL_MECHANISM'],
    [{ VOUCHSAFE_KAFKA_BROKERS: 'a:1', VOUCHSAFE_KAFKA_SASL_MECHANISM: 'plain', VOUCHSAFE_KAFKA_SASL_USER: 'admin' }, 'VOUCHSAFE_KAFKA_SASL_USER'],
  ])('a wrong variable is named: %j', (variables, name) => {
    const error = refusal(variables);
    expect(error).toBeInstanceOf(CommandFailure);
    expect(error).toMatchObject({ exit: EXIT.config, en: expect.stringContaining(name), zh: expect.stringContaining(name) });
  });
});

it('what would shrink is told with what is there, what is wanted, and what to do', () => {
  const refused = [{ topic: 'vouchsafe.live.order.events', setting: 'partitions', actual: '12', wanted: '6', reason: 'SHRINKS' as const }];
  expect(linesOf({ ok: false, refused }, { t: (_zh, en) => en })).toEqual([
    '✘ nothing was done:', '    vouchsafe.live.order.events  partitions 12 → 6  would shrink: change the plan, or decide it on Kafka itself',
  ]);
});
