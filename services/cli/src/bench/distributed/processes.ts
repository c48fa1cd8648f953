import type { Cluster } from '@vouchsafe/cluster';
import { cpuSeconds } from '../rate.js';

/** Processes by name, of which CPU time is told apart. */
export type Processes = ReadonlyMap<string, number>;

/** Those of the distributed form: services, the event store, Kafka and MongoDB where they are ours, and whoever makes the load (this one). */
export const clusterProcesses = ({ processes, servers }: Cluster): Processes => {
  const known: (readonly [string, number | undefined])[] = [...processes].map(([name, child]) => [name, child.pid] as const);
  known.push(['kafka', servers.kafka.pid(0)], ['mongod', servers.mongo.pid(0)], ['load', process.pid]);
  return new Map(known.flatMap(([name, pid]) => (pid === undefined ? [] : [[name, pid] as const])));
};

/** Milliseconds of CPU that each process used meanwhile, by what was done; with the sum of all but the load's. */
export type CpuBill = { readonly each: Readonly<Record<string, number>>; readonly total: number; /** Cores in use, all processes. */ readonly cores: number };

/** Does `work`, and says what it took of CPU, per call of it that was answered as it should be. */
export const withCpu = async <T extends { readonly calls: number; readonly failed: number }>(processes: Processes, work: () => Promise<T>): Promise<{ readonly result: T; readonly cpu: CpuBill }> => {
  const before = new Map([...processes].map(([name, pid]) => [name, cpuSeconds(pid)]));
  const from = performance.now();
  const result = await work();
  const seconds = (performance.now() - from) / 1000;
  const used = [...processes].map(([name, pid]) => [name, Math.max(0, cpuSeconds(pid) - before.get(name)!)] as const);
  const all = used.reduce((sum, [, cpu]) => sum + cpu, 0);
  const perCall = (cpu: number): number => (cpu * 1000) / Math.max(1, result.calls - result.failed);
  const each = Object.fromEntries(used.map(([name, cpu]) => [name, perCall(cpu)]));
  return { result, cpu: { each, total: perCall(used.reduce((sum, [name, cpu]) => (name === 'load' ? sum : sum + cpu), 0)), cores: all / seconds } };
};
