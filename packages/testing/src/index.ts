export { ManualClock } from './clock/manual-clock.js';
export {
  DEFAULT_ACCOUNTS,
  type SandboxAccounts,
  type SandboxClient,
  type SandboxUser,
} from './sandbox/accounts.js';
export type { RevokeInput } from './sandbox/control.js';
export { ControlInputError, type ControlProblem } from './sandbox/control-input.js';
export { type DialectName, DIALECT_NAMES } from './sandbox/dialect.js';
export type { FaultKind, SandboxFault } from './sandbox/faults.js';
export { sandboxFingerprint } from './sandbox/fingerprint.js';
export type { LedgerItem } from './sandbox/ledger.js';
export type { ApiEcho } from './sandbox/protected-api.js';
export { sandboxUrls } from './sandbox/router.js';
export { type SandboxOptions, SandboxServer } from './sandbox/sandbox-server.js';
export { DEFAULT_SETTINGS, type DialectSettings, type SettingsChange } from './sandbox/settings.js';
export type { ContractCase } from './contract/contract-case.js';
export {
  type LockHandle,
  type MakeLock,
  refreshLockContract,
} from './contract/refresh-lock-contract.js';
export {
  type MakeStore,
  type StoreContractOptions,
  type StoreHandle,
  tokenStoreContract,
} from './contract/token-store/token-store-contract.js';
export { providerAdapterContract } from './contract/provider-adapter/provider-adapter-contract.js';
export {
  type ExpectedAnswer,
  type ExpectedRequest,
  FIXTURE_SENT_AT,
  type FixtureResponse,
  type ProviderFixture,
} from './contract/provider-adapter/provider-fixture.js';
