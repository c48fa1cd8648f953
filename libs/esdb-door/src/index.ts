export type { Door, DoorOptions } from './open-door.js';
export { openDoor } from './open-door.js';
export type { ServedLog } from './serve-log.js';
export { serveLog } from './serve-log.js';
export type { Authenticate, Visitor } from './who.js';
