import type { Effort } from './effort.js';

/** `word n, word n`, the most frequent first. */
export const pairs = (counts: Readonly<Record<string, number>>): string => Object.entries(counts).sort(([, a], [, b]) => b - a).map(([word, n]) => `${word} ${n}`).join(', ') || '–';
export const took = ({ seconds, cpuSeconds }: Effort): string => `${seconds.toFixed(1)} s (CPU ${cpuSeconds.toFixed(1)} s)`;
