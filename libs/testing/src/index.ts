export { specification } from './specification.js';
