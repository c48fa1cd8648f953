export { catalogConfig, type CatalogConfig } from './config.js';
export { type CatalogPorts, createCatalog } from './create-catalog.js';
export { catalogErrors } from './api/errors.js';
