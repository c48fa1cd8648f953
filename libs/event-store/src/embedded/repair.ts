import type { Disk } from '@vouchsafe/runtime';
import { LOG_FOLDER, segmentName, UNFINISHED } from './layout.js';
import type { LogFiles } from './log-files.js';
import type { Scan } from './recovery.js';

const ZEROS = Buffer.alloc(1 << 20);

/** Removes files that were never finished. */
export const removeUnfinished = async (disk: Disk): Promise<void> => {
  for (const file of await disk.list(LOG_FOLDER))
    if (file.endsWith(UNFINISHED)) await disk.remove(`${LOG_FOLDER}/${file}`);
};

/**
 * Makes the log ready to go on: blanks what is behind its end, fills up a file that was cut short (a restored backup),
 * and flushes. For what was read may be in the operating system's memory only, if the process before was killed
 * between its write and its flush, and from now on it counts as durable.
 */
export const repair = async (disk: Disk, files: LogFiles, { tail, segmentIndex }: Scan): Promise<void> => {
  for (const segment of files.segments.slice(segmentIndex)) {
    const file = await disk.open(segmentName(segment.base), 'write');
    try {
      for (const { from, to } of tail) {
        if (from < segment.base || from >= segment.base + segment.size) continue;
        for (let at = from; at < to; at += ZEROS.length)
          await file.write(ZEROS.subarray(0, Math.min(ZEROS.length, to - at)), at - segment.base);
      }
      await file.allocate(segment.size);
    } finally {
      await file.close();
    }
  }
};
