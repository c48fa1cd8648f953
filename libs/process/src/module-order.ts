import { invariant } from '@vouchsafe/kernel';
import type { ServiceModule } from '@vouchsafe/runtime';

/** `modules` so that each comes after all that it needs. Bug on a cycle or an unknown need, naming the path. */
export const startOrder = (modules: readonly ServiceModule[]): readonly ServiceModule[] => {
  const byName = new Map(modules.map((module) => [module.name, module]));
  invariant(byName.size === modules.length, 'two modules have one name');
  const placed = new Set<string>();
  const order: ServiceModule[] = [];
  const place = (name: string, path: readonly string[]): void => {
    if (placed.has(name)) return;
    invariant(!path.includes(name), `modules need each other: ${[...path, name].join(' → ')}`);
    const module = byName.get(name);
    invariant(module, `${path.at(-1) ?? 'the composition'} needs ${name}, which is not composed`);
    for (const need of module.needs) place(need, [...path, name]);
    placed.add(name);
    order.push(module);
  };
  for (const { name } of modules) place(name, []);
  return order;
};

/**
 * Starts modules in order; if one fails, those already started are stopped and its error is thrown. The returned function stops
 * them in reverse and reports every failure after the last has been tried.
 */
export const startModules = async (modules: readonly ServiceModule[]): Promise<() => Promise<void>> => {
  const started: ServiceModule[] = [];
  const stop = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (const module of [...started].reverse()) {
      try {
        await module.stop();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'some modules did not stop cleanly');
  };
  for (const module of startOrder(modules)) {
    try {
      await module.start();
    } catch (error) {
      await stop();
      throw error;
    }
    started.push(module);
  }
  return stop;
};
