import type { ConfigurationProblem } from '@oauth-token/core';
import type { z } from 'zod';

type Part = PropertyKey;

/**
 * A path as it is written for a person, such as `registrations[0].allowedOrigins`.
 *
 * @internal
 */
export function pathText(parent: string, parts: readonly Part[]): string {
  return parts.reduce<string>((path, part) => {
    if (typeof part === 'number') return `${path}[${part}]`;
    return path === '' ? String(part) : `${path}.${String(part)}`;
  }, parent);
}

/**
 * The issues of a schema as problems by path, unknown members each on its own.
 *
 * @param parent - the path of what was checked, '' for the top
 * @internal
 */
export function zodProblems(error: z.ZodError, parent = ''): ConfigurationProblem[] {
  return error.issues.flatMap((issue) =>
    placesOf(issue).map((place) => ({ path: pathText(parent, place), message: issue.message })),
  );
}

/**
 * The members at the top of what was checked that have anything wrong.
 *
 * @internal
 */
export function badMembers(error: z.ZodError): ReadonlySet<Part> {
  const places = error.issues.flatMap(placesOf);
  return new Set(places.flatMap(([member]) => (member === undefined ? [] : [member])));
}

function placesOf(issue: z.core.$ZodIssue): readonly (readonly Part[])[] {
  if (issue.code !== 'unrecognized_keys') return [issue.path];
  return issue.keys.map((key) => [...issue.path, key]);
}
