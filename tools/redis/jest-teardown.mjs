/** Jest's `globalTeardown`: stops the server that `globalSetup` has started. */
export { tearDown as default } from './jest-setup.mjs';
