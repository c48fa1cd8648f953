import RequestQueue = require('kafkajs/src/network/requestQueue');

const PAUSE_MS = 10;

/**
 * kafkajs arms a timer of a negative time after every answer and again when it fires: an idle client wakes 900 times a second
 * (its issues #1704, #1751). Mended: a timer only while requests wait, and never for less than 10 ms. May be called twice.
 */
export const mendTimer = (): void => {
  RequestQueue.prototype.scheduleCheckPendingRequests = function (): void {
    if (this.throttleCheckTimeoutId || this.pending.length === 0) return;
    this.throttleCheckTimeoutId = setTimeout(() => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    }, Math.max(PAUSE_MS, this.throttledUntil - Date.now()));
  };
};
