import type { Targets } from '@vouchsafe/rpc-grpc';
import { SERVICES } from '../contracts.js';

const ENTRY = /^([a-z*]+)=(\S+)$/;

/** `order=dns:///order:7000,*=dns:///vouchsafe-*:7000` by service; undefined where it is not of this form or names a service that there is not. */
export const parseTargets = (text: string): Targets | undefined => {
  const given = new Map<string, string>();
  for (const part of text.split(',').map((one) => one.trim()).filter((one) => one !== '')) {
    const [, name, target] = ENTRY.exec(part) ?? [];
    if (name === undefined || target === undefined || (name !== '*' && !SERVICES.some((service) => service === name))) return undefined;
    given.set(name, target);
  }
  const all = given.get('*');
  const targets = SERVICES.flatMap((service): [string, string][] => {
    const target = given.get(service) ?? all?.replaceAll('*', service);
    return target === undefined ? [] : [[service, target]];
  });
  return targets.length > 0 ? Object.fromEntries(targets) : undefined;
};
