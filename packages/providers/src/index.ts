export { empowerId, type EmpowerIdOptions } from './empower-id.js';
export { oidc, type OidcOptions } from './oidc.js';
export { twoBa, type TwoBaOptions } from './two-ba.js';
export { veeamAhv, type VeeamAhvOptions } from './veeam-ahv.js';
export { veeamVbr, type VeeamVbrOptions } from './veeam-vbr.js';
