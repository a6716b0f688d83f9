import {
  type ClientRegistration,
  type ConfigurationProblem,
  isConfigurationError,
  type ProviderAdapter,
  validateRegistrations,
} from '@oauth-token/core';
import { badMembers, pathText, zodProblems } from '../input/zod-problems.js';
import { parseYaml, YamlError } from './parse-yaml.js';
import { ProblemList } from './problem-list.js';
import { PROVIDERS } from './provider-catalog.js';
import { fileSchema, type RegistrationEntry, registrationSchema } from './registration-schema.js';
import { fillVariables, maskVariables } from './substitution.js';

/** The registrations of a file, good only where there are no problems. @internal */
export interface RegistrationsReading {
  readonly registrations: readonly ClientRegistration[];
  readonly problems: readonly ConfigurationProblem[];
}

/**
 * Reads the text of a registrations file: YAML or JSON, `${NAME}` taken from the environment, everything checked and every
 * problem named by its path. No problem repeats a value that could be a secret.
 *
 * @internal
 */
export function readRegistrations(
  text: string,
  environment: NodeJS.ProcessEnv,
): RegistrationsReading {
  const problems = new ProblemList();
  const entries = readEntries(text, environment, problems);
  const registrations = entries.map((entry, index) =>
    toRegistration(entry, pathText('registrations', [index]), problems),
  );
  for (const { path, message } of validateRegistrations(registrations)) problems.add(path, message);
  return { registrations, problems: problems.all };
}

function readEntries(
  text: string,
  environment: NodeJS.ProcessEnv,
  problems: ProblemList,
): unknown[] {
  let tree: unknown;
  try {
    tree = parseYaml(maskVariables(text));
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    problems.add('REGISTRATIONS_FILE', error.message);
    return [];
  }
  const filled = fillVariables(tree, environment, problems);
  const file = fileSchema.safeParse(filled);
  if (file.success) return file.data.registrations;
  for (const { path, message } of zodProblems(file.error)) {
    problems.add(path === '' ? 'REGISTRATIONS_FILE' : path, message);
  }
  const { registrations } = (filled ?? {}) as { registrations?: unknown };
  return Array.isArray(registrations) ? registrations : [];
}

/** What the library checks afterwards finds what is missing here. */
function toRegistration(value: unknown, path: string, problems: ProblemList): ClientRegistration {
  const { provider, providerOptions, ...entry } = readEntry(value, path, problems);
  return {
    registrationId: '',
    allowedOrigins: [],
    ...entry,
    provider: makeProvider({ provider, providerOptions }, path, problems) as ProviderAdapter,
  };
}

/** The entry without its members that have anything wrong, which are problems now. */
function readEntry(value: unknown, path: string, problems: ProblemList): RegistrationEntry {
  const result = registrationSchema.safeParse(value);
  if (result.success) return result.data;
  for (const problem of zodProblems(result.error, path))
    problems.add(problem.path, problem.message);
  const bad = badMembers(result.error);
  for (const member of bad) problems.cover(pathText(path, [member]));
  const good = Object.entries(value ?? {}).filter(([name]) => !bad.has(name));
  return registrationSchema.safeParse(Object.fromEntries(good)).data ?? {};
}

function makeProvider(
  { provider, providerOptions = {} }: { provider?: string | undefined; providerOptions?: unknown },
  path: string,
  problems: ProblemList,
): ProviderAdapter | undefined {
  const make = provider === undefined ? undefined : PROVIDERS.get(provider);
  if (make === undefined) {
    const what = provider === undefined ? 'is missing' : `unknown provider '${provider}'`;
    problems.add(`${path}.provider`, `${what}, known: ${[...PROVIDERS.keys()].join(', ')}.`);
    return undefined;
  }
  try {
    return make(providerOptions);
  } catch (error) {
    if (!isConfigurationError(error)) throw error;
    for (const problem of error.problems) {
      const place = problem.path === '' ? 'providerOptions' : `providerOptions.${problem.path}`;
      problems.add(`${path}.${place}`, problem.message);
    }
    // Without its provider a registration's other members are judged no further.
    problems.cover(`${path}.provider`);
    return undefined;
  }
}
