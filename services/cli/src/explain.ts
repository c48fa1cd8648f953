import { isFault } from '@vouchsafe/kernel';
import type { ServiceError } from '@grpc/grpc-js';
import { reasonOf } from './client/connection.js';
import { CommandFailure, EXIT, type Speech } from './speech.js';

const isServiceError = (error: unknown): error is ServiceError =>
  error instanceof Error && typeof (error as ServiceError).code === 'number' && 'metadata' in error;
const UNAVAILABLE = 14;

/** Says what went wrong and what to do, and gives the exit code. What nobody expected is thrown on. */
export const explain = (error: unknown, { t, note }: Speech): number => {
  if (error instanceof CommandFailure) {
    note(`✘ ${t(error.zh, error.en)}`);
    return error.exit;
  }
  if (isServiceError(error)) {
    if (error.code === UNAVAILABLE) {
      note(`✘ ${t('连不上平台：它在运行吗？（make up）', 'the platform cannot be reached: is it running? (make up)')} ${error.details}`);
      return EXIT.unavailable;
    }
    const reason = reasonOf(error);
    note(`✘ ${error.details.startsWith(reason) ? error.details : `${reason}: ${error.details}`}`);
    return EXIT.refused;
  }
  if (isFault(error) && error.code === 'DIRECTORY_IN_USE') {
    note(`✘ ${t('平台正在此目录上运行：请先停止它', 'a platform runs on this directory: stop it first')} (${error.message})`);
    return EXIT.unavailable;
  }
  if (isFault(error)) {
    note(`✘ ${error.code}: ${error.message}`);
    return error.retryable ? EXIT.unavailable : EXIT.data;
  }
  throw error;
};
