/** What a piece of work took, in seconds: on the wall, and of all processors. */
export type Effort = { readonly seconds: number; readonly cpuSeconds: number };

/** Starts to measure; call it when the work is done. */
export const effort = (): (() => Effort) => {
  const [from, cpu] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { seconds: (performance.now() - from) / 1000, cpuSeconds: (user + system) / 1e6 };
  };
};
