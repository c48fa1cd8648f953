import type { ClusterOptions } from '@vouchsafe/cluster';
import { AppendLine } from './scenarios/append-line.js';
import { killServices } from './scenarios/kill-services.js';
import { mistold, mistoldCluster, viewsEqualLog } from './scenarios/mistold.js';
import { noneFailed, rolling } from './scenarios/rolling.js';
import { SecondLife } from './scenarios/second-life.js';
import { brokers, Documents } from './scenarios/servers.js';
import { zombies } from './scenarios/zombies.js';
import type { World } from './world.js';

/** One way to do harm while orders flow. */
export type Harm = {
  /** How its cluster differs. */
  readonly cluster?: Partial<Pick<ClusterOptions, 'brokers' | 'eventStoreVia' | 'environment'>>;
  /** Does the harm, under load, and settles when everything is begun again. Answers figures of its own. */
  readonly run: (world: World) => Promise<Readonly<Record<string, number>>>;
  /** Looks once more when all has come to rest: what is wrong, in words. May be called again. */
  readonly after?: (world: World) => Promise<readonly string[]>;
  readonly close?: () => Promise<void>;
};
export type Scenario = { readonly number: number; readonly zh: string; readonly en: string; readonly harm: (seed: number) => Harm };

const CUT_SHARE = 0.1;
const cutAppends = (seed: number): Harm => {
  const line = new AppendLine();
  return { cluster: line.cluster(seed), run: ({ plan }) => line.cut(CUT_SHARE, plan.rounds), close: () => line.close() };
};
/** Revisions expected in vain are those of whoever was stopped, and of two that decide about one stream. */
const stopped = (seed: number): Harm => {
  const line = new AppendLine();
  return { cluster: line.cluster(seed), run: async (world) => ({ ...(await zombies(world)), appends_refused: line.refused }), close: () => line.close() };
};
const documents = (): Harm => {
  const harm = new Documents();
  return { run: (world) => harm.run(world), after: (world) => harm.after(world) };
};
const secondLife = (): Harm => {
  const wrong: string[] = [];
  return { run: (world) => new SecondLife(world, wrong).run(), after: async () => wrong };
};

export const SCENARIOS: readonly Scenario[] = [
  { number: 1, zh: '逐个 SIGKILL 各服务进程', en: 'SIGKILL of each service’s process in turn', harm: () => ({ run: killServices }) },
  { number: 2, zh: '写入者被 SIGSTOP 两倍会话超时后再 SIGCONT，期间由另一副本接管', en: 'SIGSTOP of each writer for twice the session timeout, SIGCONT; another replica takes over meanwhile', harm: stopped },
  { number: 3, zh: 'Kafka 全部节点被杀并重启；三个节点中的一个被杀', en: 'all brokers killed and restarted; one of three killed', harm: () => ({ cluster: { brokers: 3 }, run: brokers }) },
  { number: 4, zh: 'mongod 被杀并重启，订单照常；运行中的服务丢失视图后重建', en: 'mongod killed and restarted while orders go on; views lost under running services and built anew', harm: documents },
  { number: 5, zh: '十分之一的追加在提交之后、应答之前断线', en: 'the event store’s line cut after commit and before the answer, for one append in ten', harm: cutAppends },
  {
    number: 6, zh: '每条消息发三次、乱序、百分之一丢失；毒消息；中继在四个点被杀', en: 'every message thrice, out of order, one in a hundred lost; poison; relays killed at four points',
    harm: (seed) => ({ cluster: mistoldCluster(seed), run: mistold, after: viewsEqualLog }),
  },
  { number: 7, zh: '滚动重启全部进程，客户端会重试', en: 'rolling restart of every process, with clients that retry', harm: () => ({ run: rolling, after: noneFailed }) },
  { number: 8, zh: '恢复昨天的备份；在克隆上启动第二个部署', en: 'yesterday’s backup restored; a second deployment begun on a clone', harm: secondLife },
];
