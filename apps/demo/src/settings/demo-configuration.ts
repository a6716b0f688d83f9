import {
  type ClientRegistration,
  ConfigurationError,
  type ConfigurationProblem,
} from '@oauth-token/core';
import { readFileSync } from 'node:fs';
import {
  readRegistrations,
  type RegistrationsReading,
} from '../registrations/read-registrations.js';
import { readSettings, type Settings } from './settings.js';

/** Everything that a replica is told from outside. */
export interface DemoConfiguration {
  readonly settings: Settings;
  readonly registrations: readonly ClientRegistration[];
}

/** The injection token of the {@link DemoConfiguration}. */
export const DEMO_CONFIGURATION = 'DemoConfiguration';

/**
 * Reads the environment and the registrations file.
 *
 * @throws {@link ConfigurationError} naming every problem of both
 * @internal
 */
export function loadConfiguration(environment: NodeJS.ProcessEnv): DemoConfiguration {
  const { settings, problems } = readSettings(environment);
  const file = readFile(settings, environment);
  const all: readonly ConfigurationProblem[] = [...problems, ...file.problems];
  if (all.length > 0) throw new ConfigurationError(all);
  return { settings, registrations: file.registrations };
}

function readFile(
  { registrationsFile, sandboxUrl }: Settings,
  environment: NodeJS.ProcessEnv,
): RegistrationsReading {
  let text: string;
  try {
    text = readFileSync(registrationsFile, 'utf8');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    const message = `${registrationsFile} cannot be read (${code}).`;
    return { registrations: [], problems: [{ path: 'REGISTRATIONS_FILE', message }] };
  }
  return readRegistrations(text, { ...environment, SANDBOX_URL: sandboxUrl });
}
