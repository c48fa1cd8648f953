import { Closers, SANDBOX_PROVIDER, startSandboxProviders } from '@vouchsafe/all-in-one';
import type { Cluster, ClusterOptions } from '@vouchsafe/cluster';
import { silentLog, systemClock } from '@vouchsafe/runtime';

/** The distributed form with the sandbox's providers of money and top-ups beside it, in this process; they end with it. */
export const startSandboxCluster = async (options: Omit<ClusterOptions, 'environment'>): Promise<Cluster> => {
  const { startCluster } = await import('@vouchsafe/cluster'); // no other command needs its drivers
  const closers = new Closers();
  const notices: { url?: string } = {};
  try {
    const { processSettings } = await startSandboxProviders(systemClock(), silentLog, () => notices.url, closers);
    const environment = (service: string): Readonly<Record<string, string>> => {
      const settings = processSettings[service];
      return settings ? { VOUCHSAFE_SETTINGS: JSON.stringify(settings) } : {};
    };
    const cluster = await startCluster({ ...options, environment });
    closers.add(() => cluster.stop());
    notices.url = `${cluster.http}/sandbox/v1/payments/notices/${SANDBOX_PROVIDER}`;
    return { ...cluster, stop: () => closers.closeAll() };
  } catch (error) {
    return closers.closeAfter(error);
  }
};
