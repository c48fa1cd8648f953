export { mongoParkedStore } from './mongo-parked-store.js';
