import type { ConnectionOptions } from 'node:tls';
import type { Log } from '@vouchsafe/runtime';
import { type Admin, type Consumer, type ConsumerConfig, Kafka, logLevel, type Producer, type ProducerConfig, type SASLOptions } from 'kafkajs';
import { mendCodecs } from './mends/codecs.js';
import { mendCommits } from './mends/commits.js';
import { mendJoins } from './mends/joins.js';
import { trackedSockets } from './mends/sockets.js';
import { mendTimer } from './mends/timer.js';

/** How to reach the brokers. */
export type KafkaConnection = {
  readonly brokers: readonly string[];
  readonly ssl?: ConnectionOptions | boolean;
  readonly sasl?: SASLOptions;
};
export type KafkaClientOptions = { readonly connection: KafkaConnection; readonly clientId: string; readonly log: Log; readonly requestTimeoutMs?: number };

/** kafkajs with its known faults mended. Each client has connections of its own. */
export type KafkaClient = {
  admin(): Admin;
  producer(config: ProducerConfig): Producer;
  consumer(config: ConsumerConfig): Consumer;
};

const REQUEST_TIMEOUT_MS = 8000;
const CONNECTION_TIMEOUT_MS = 3000;
/** So much patience within one call; those who call begin again. */
export const RETRY = { initialRetryTime: 50, maxRetryTime: 1000, retries: 12 };
/** Those who only look something up are told soon. */
const ADMIN_RETRY = { initialRetryTime: 50, maxRetryTime: 500, retries: 4 };

export const kafkaClient = ({ connection, clientId, log, requestTimeoutMs = REQUEST_TIMEOUT_MS }: KafkaClientOptions): KafkaClient => {
  mendTimer();
  mendCommits();
  mendJoins();
  mendCodecs();
  const sockets = trackedSockets();
  const kafka = new Kafka({
    clientId, brokers: [...connection.brokers], requestTimeout: requestTimeoutMs, connectionTimeout: CONNECTION_TIMEOUT_MS, retry: RETRY,
    socketFactory: sockets.factory, logLevel: logLevel.INFO, logCreator: () => logTo(log),
    ...(connection.ssl !== undefined && { ssl: connection.ssl }), ...(connection.sasl && { sasl: connection.sasl }),
  });
  return {
    admin: () => {
      const admin = kafka.admin({ retry: ADMIN_RETRY });
      admin.on(admin.events.REQUEST_TIMEOUT, ({ payload }) => sockets.cut(payload.broker));
      return admin;
    },
    producer: (config) => {
      const producer = kafka.producer(config);
      producer.on(producer.events.REQUEST_TIMEOUT, ({ payload }) => sockets.cut(payload.broker));
      return producer;
    },
    consumer: (config) => {
      const consumer = kafka.consumer(config);
      consumer.on(consumer.events.REQUEST_TIMEOUT, ({ payload }) => sockets.cut(payload.broker));
      return consumer;
    },
  };
};

/** An administrator's client, for topics and rights. Connect it first, disconnect it in the end. */
export const kafkaAdmin = (connection: KafkaConnection, log: Log): Admin => kafkaClient({ connection, clientId: 'vouchsafe-admin', log }).admin();

/** What kafkajs calls an error is mostly something it goes on to mend itself; what matters is told by those who use it. */
const logTo = (log: Log) => ({ level, namespace, log: { message, timestamp: _, logger: __, stack: ___, ...fields } }: {
  level: logLevel; namespace: string; log: { message: string; timestamp: string; logger?: string; stack?: unknown };
}): void => {
  // Our lanes send anew, and consumers drop what they have seen: no promise rests on the client's retries.
  const known = message.startsWith('Limiting retries for the idempotent producer');
  if (known) return;
  if (level === logLevel.ERROR || level === logLevel.WARN) log.warn({ kafkajs: namespace, ...fields }, message);
  else log.debug({ kafkajs: namespace, ...fields }, message);
};
