type Revisions = Record<string, number>;

/** The revisions after the write, as text; undefined where it must not be: no stream further than known, or one behind. */
export const mergedRevisions = (given: string, known: string, only: boolean): string | undefined => {
  if (given === known) return undefined;
  const [fresh, before] = [JSON.parse(given) as Revisions, JSON.parse(known) as Revisions];
  if (!isNewer(fresh, before)) return undefined;
  return only ? given : JSON.stringify({ ...before, ...fresh });
};

const isNewer = (revisions: Readonly<Revisions>, known: Readonly<Revisions>): boolean => {
  let newer = false;
  for (const stream in revisions) {
    const before = known[stream] ?? -1;
    if (revisions[stream]! < before) return false;
    if (revisions[stream]! > before) newer = true;
  }
  return newer;
};
