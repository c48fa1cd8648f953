import { Fault } from '@vouchsafe/kernel';
import type { Disk } from '@vouchsafe/runtime';
import { LogDamage } from './faults.js';
import { baseOfSegment, LOG_FOLDER, segmentName } from './layout.js';
import { LogFiles } from './log-files.js';
import { limitOf, readSegmentHead, type Segment, SEGMENT_HEAD_BYTES } from './segment.js';

/** The segments there are, each whole and following the one before. Throws {@link LogDamage} where they do not. */
export const loadSegments = async (disk: Disk): Promise<LogFiles> => {
  const files = new LogFiles(disk);
  const bases = (await disk.list(LOG_FOLDER)).map(baseOfSegment).filter((base) => base !== undefined);
  for (const base of bases.sort((a, b) => a - b)) {
    const expected = files.segments.length === 0 ? 0 : limitOf(files.last);
    if (base !== expected)
      throw new LogDamage(
        segmentName(expected),
        0,
        expected,
        `this file is missing; the next there is ${segmentName(base)}`,
      );
    files.add(await loadSegment(disk, base));
  }
  return files;
};

const loadSegment = async (disk: Disk, base: number): Promise<Segment> => {
  const head = Buffer.alloc(SEGMENT_HEAD_BYTES);
  const file = await disk.open(segmentName(base), 'read');
  try {
    await file.read(head, 0);
  } finally {
    await file.close();
  }
  const found = readSegmentHead(head);
  if (found === 'too new')
    throw new Fault('LOG_TOO_NEW', `${segmentName(base)} was written by a newer version; upgrade this one`, false);
  if (found === 'damaged') throw new LogDamage(segmentName(base), 0, base, 'the head of the file is damaged');
  if (found.base !== base)
    throw new LogDamage(
      segmentName(base),
      0,
      base,
      `this is the file that begins at ${found.base}, under a wrong name`,
    );
  return { ...found, end: base + SEGMENT_HEAD_BYTES };
};
