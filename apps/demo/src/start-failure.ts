import { isConfigurationError } from '@oauth-token/core';

/**
 * Why the demo did not start, for a person: every problem by its path, or the one surprise. No stack.
 *
 * @internal
 */
export function describeStartFailure(error: unknown): string {
  if (!isConfigurationError(error)) {
    return `The demo did not start: ${error instanceof Error ? error.message : String(error)}\n`;
  }
  const { problems } = error;
  const lines = problems.map(({ path, message }) => `  ${path}: ${message}\n`);
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return `The demo did not start, its settings have ${count}:\n${lines.join('')}`;
}
