import { existsSync } from 'node:fs';
import { placesOf, type PlatformConfig } from '@vouchsafe/all-in-one';
import { refuseInUse } from '@vouchsafe/event-store';
import { isFault } from '@vouchsafe/kernel';
import { nodeDisk, type Namespace } from '@vouchsafe/runtime';
import { type UnreadableEvent, unreadableEvents } from '../audit/unreadable.js';
import { CommandFailure, EXIT } from '../speech.js';

/** Told before ports are looked for: a second start on one directory is no matter of ports. */
export const refuseDirectoriesInUse = async (config: PlatformConfig): Promise<void> => {
  for (const namespace of config.VOUCHSAFE_NAMESPACES) {
    const { data } = placesOf(config, namespace);
    if (!existsSync(data)) continue;
    try {
      await refuseInUse(nodeDisk(data));
    } catch (error) {
      if (!isFault(error) || error.code !== 'DIRECTORY_IN_USE') throw error;
      throw new CommandFailure(
        EXIT.unavailable,
        `数据目录 ${config.VOUCHSAFE_DATA} 正被另一个平台进程使用（${namespace}）：它已在运行；请先停止它，或用 VOUCHSAFE_DATA 指定另一个目录`,
        `the data directory ${config.VOUCHSAFE_DATA} is in use by another platform process (${namespace}): it runs already; stop it first, or name another directory by VOUCHSAFE_DATA`,
      );
    }
  }
};

/** Failures behind which an event may lie that this version cannot read. */
const OF_EVENTS: readonly string[] = ['EVENT_UNREADABLE', 'STREAM_TOO_NEW', 'DOCUMENT_HALTED', 'PROJECTION_BROKEN'];

/** Why a platform did not start: where its log holds what this version cannot read, which event that is and what to do. */
export const whyNotStarted = async (error: unknown, config: PlatformConfig): Promise<unknown> => {
  const ofEvents = isFault(error) ? OF_EVENTS.includes(error.code) : error instanceof Error && error.name === 'ShapeError';
  if (!ofEvents) return error;
  for (const namespace of config.VOUCHSAFE_NAMESPACES) {
    const { data } = placesOf(config, namespace);
    const found = existsSync(data) ? await unreadableEvents(config.VOUCHSAFE_DATA, namespace, (error as Error).message) : [];
    if (found.length > 0) return tooOld(namespace, found);
  }
  return error;
};

const tooOld = (namespace: Namespace, found: readonly UnreadableEvent[]): CommandFailure => {
  const listed = found.map(({ stream, revision, position, type, why }) => `\n    ${type}  ${stream}@${revision}  @${position}  ${why}`).join('');
  return new CommandFailure(
    EXIT.data,
    `${namespace} 的日志里有此版本读不懂的事件，平台未启动（类型、流@修订、@位置、原因）：${listed}\n  请用写下它们的版本或更新的版本启动；若没有版本能读，请恢复备份（vouchsafe restore）；查看：vouchsafe audit events --namespace ${namespace}`,
    `the log of ${namespace} holds events that this version cannot read, so the platform was not started (type, stream@revision, @position, why):${listed}\n  start the version that wrote them, or a newer one; where none can read them, restore a backup (vouchsafe restore); to look at them: vouchsafe audit events --namespace ${namespace}`,
  );
};
