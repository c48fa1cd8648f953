import path from 'node:path';
import { DEPLOYMENT_FILE, markerShape, type Own, ownShape } from './deployment-files.js';
import type { Manifest } from './manifest.js';
import { readSmall, writeSmall } from './small-file.js';

/** What a backup says of a directory's past. */
export type Lived = Pick<Manifest, 'deploymentId' | 'epoch'> & { readonly log: Pick<Manifest['log'], 'bootEpoch'> };

/** Gives a restored directory its identity with an epoch above everything that was lived. Answers the epoch. */
export const raise = ({ data, marker, manifest }: { readonly data: string; readonly marker?: string; readonly manifest: Lived }): number => {
  const known = marker === undefined ? undefined : readSmall(path.join(marker, DEPLOYMENT_FILE), markerShape);
  const same = known?.id === manifest.deploymentId ? known : undefined;
  const epoch = Math.max(manifest.epoch, same?.epoch ?? 0) + 1;
  const bootEpoch = Math.max(manifest.log.bootEpoch, same?.bootEpoch ?? 0);
  writeSmall(path.join(data, DEPLOYMENT_FILE), ownShape.write({ id: manifest.deploymentId, epoch, boots: same?.boots ?? 0, bootEpoch, raised: true }));
  return epoch;
};

/** Whose a data directory is; undefined where no process has started on it yet. */
export const identityOf = (data: string): Own | undefined => readSmall(path.join(data, DEPLOYMENT_FILE), ownShape);
