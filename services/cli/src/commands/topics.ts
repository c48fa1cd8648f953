import { readFileSync } from 'node:fs';
import type { KafkaConnection, PlanOptions, Refusal, RightsApplied, TopicsApplied } from '@vouchsafe/bus-kafka';
import type { Log, Namespace } from '@vouchsafe/runtime';
import { CommandFailure, EXIT } from '../speech.js';

export type TopicsRequest = Omit<PlanOptions, 'topology'> & { readonly grow: boolean; readonly dryRun: boolean; readonly acls: boolean; readonly prune: boolean };
export type TopicsResult =
  | { readonly ok: true; readonly namespace: Namespace; readonly dryRun: boolean; readonly topics: TopicsApplied; readonly rights?: RightsApplied }
  | { readonly ok: false; readonly refused: readonly Refusal[] };

type Variables = Readonly<Record<string, string | undefined>>;
const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
type Mechanism = (typeof MECHANISMS)[number];
const isMechanism = (text: string): text is Mechanism => MECHANISMS.some((known) => known === text);

const wrong = (variable: string, zh: string, en: string): CommandFailure => new CommandFailure(EXIT.config, `${variable}：${zh}`, `${variable}: ${en}`);

/** How to reach the brokers, by the same variables as the services have; the credentials are an administrator's here. */
export const kafkaOf = (variables: Variables, brokers: string | undefined): KafkaConnection => {
  const { VOUCHSAFE_KAFKA_BROKERS: known = '', VOUCHSAFE_KAFKA_TLS_CA: ca } = variables;
  const hosts = (brokers ?? known).split(',').map((host) => host.trim()).filter(Boolean);
  if (hosts.length === 0) throw wrong('VOUCHSAFE_KAFKA_BROKERS', '未设置；也可用 --brokers host:port,…', 'is not set; or pass --brokers host:port,…');
  const bad = hosts.find((host) => !/^(\[[0-9a-f:]+\]|[^\s:]+):\d{1,5}$/i.test(host));
  if (bad !== undefined) throw wrong('VOUCHSAFE_KAFKA_BROKERS', `${bad} 不是 host:port`, `${bad} is no host:port`);
  return { brokers: hosts, ...(ca && { ssl: ca === 'system' ? true : { ca: authorityIn(ca) } }), ...saslOf(variables) };
};

const authorityIn = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw wrong('VOUCHSAFE_KAFKA_TLS_CA', `无法读取：${(error as Error).message}`, `cannot be read: ${(error as Error).message}`);
  }
};

const saslOf = ({ VOUCHSAFE_KAFKA_SASL_MECHANISM: mechanism, VOUCHSAFE_KAFKA_SASL_USER: username, VOUCHSAFE_KAFKA_SASL_PASSWORD: password }: Variables): Pick<KafkaConnection, 'sasl'> => {
  if (!mechanism && !username && !password) return {};
  if (!mechanism || !isMechanism(mechanism)) throw wrong('VOUCHSAFE_KAFKA_SASL_MECHANISM', `应为 ${MECHANISMS.join(' | ')}`, `is one of ${MECHANISMS.join(' | ')}`);
  if (!username || !password) throw wrong('VOUCHSAFE_KAFKA_SASL_USER', '机制、用户与密码须同时设置', 'mechanism, user and password are set together');
  switch (mechanism) {
    case 'plain': return { sasl: { mechanism, username, password } };
    case 'scram-sha-256': return { sasl: { mechanism, username, password } };
    case 'scram-sha-512': return { sasl: { mechanism, username, password } };
  }
};

/** Brings topics (and with `acls` rights) to what is planned, or refuses as a whole. May be run at every deployment. */
export const applyPlan = async (connection: KafkaConnection, request: TopicsRequest, log: Log): Promise<TopicsResult> => {
  const { applyRights, applyTopics, kafkaAdmin, namesOf, planRights, planTopics, TOPOLOGY } = await import('@vouchsafe/bus-kafka'); // no other command needs its driver
  const { namespace, prefix, grow, dryRun, prune } = request;
  const admin = kafkaAdmin(connection, log);
  try {
    await admin.connect().catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new CommandFailure(EXIT.unavailable, `连不上 Kafka（${connection.brokers.join(',')}）：${reason}`, `Kafka cannot be reached (${connection.brokers.join(',')}): ${reason}`);
    });
    const outcome = await applyTopics(admin, planTopics(request), { grow, dryRun });
    if (!outcome.ok) return outcome;
    const rights = request.acls ? await applyRights(admin, planRights(TOPOLOGY, namesOf(namespace, prefix)), { prune, dryRun }) : undefined;
    return { ok: true, namespace, dryRun, topics: outcome.applied, ...(rights && { rights }) };
  } finally {
    await admin.disconnect();
  }
};
