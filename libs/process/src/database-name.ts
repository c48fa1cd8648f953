import type { Namespace } from '@vouchsafe/runtime';

/** The name of a service's database of views, or of its parked messages or vault. */
export const databaseName = (prefix: string, namespace: Namespace, service: string, of?: 'parked' | 'vault'): string => [prefix, namespace, service, of].filter((part) => part !== undefined).join('_');
