/** One thing that is wrong with an input of the control interface. @public */
export interface ControlProblem {
  readonly field: string;
  readonly message: string;
}

/** An input of the control interface cannot be used; names each bad field. @public */
export class ControlInputError extends Error {
  override readonly name = 'ControlInputError';

  constructor(readonly problems: readonly ControlProblem[]) {
    super(problems.map(({ field, message }) => `${field} ${message}`).join('; '));
  }
}

/** Tells what a value would have to be, or nothing when it is good. @internal */
export type Check = (value: unknown) => string | undefined;

/** @internal */
export const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value)
      ? undefined
      : `must be one of ${values.map((allowed) => JSON.stringify(allowed)).join(', ')}`;

/** @internal */
export const numberBetween =
  (least: number, most: number): Check =>
  (value) =>
    typeof value === 'number' && value >= least && value <= most
      ? undefined
      : `must be a number from ${least} to ${most}`;

/** @internal */
export const wholeNumberBetween =
  (least: number, most: number): Check =>
  (value) =>
    Number.isInteger(value) && numberBetween(least, most)(value) === undefined
      ? undefined
      : `must be a whole number from ${least} to ${most}`;

/** @internal */
export const isText: Check = (value) =>
  typeof value === 'string' && value !== '' ? undefined : 'must be a text that is not empty';

/** @internal */
export const isFlag: Check = (value) =>
  typeof value === 'boolean' ? undefined : 'must be true or false';

/** @internal */
export const orNull =
  (check: Check): Check =>
  (value) => {
    const problem = value === null ? undefined : check(value);
    return problem === undefined ? undefined : `${problem}, or null`;
  };

/**
 * Reads an input by a table of checks: unknown, missing and bad members are all named at once.
 *
 * @throws {@link ControlInputError}
 * @internal
 */
export function readInput<Input extends object>(
  input: unknown,
  checks: Readonly<Record<keyof Input & string, Check>>,
  required: readonly (keyof Input & string)[] = [],
): Input {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new ControlInputError([{ field: 'body', message: 'must be a JSON object' }]);
  }
  const members = Object.entries(input).filter(([, value]) => value !== undefined);
  const problems: ControlProblem[] = required
    .filter((field) => !members.some(([name]) => name === field))
    .map((field) => ({ field, message: 'is required' }));
  for (const [field, value] of members) {
    const known = Object.hasOwn(checks, field);
    const message = known
      ? checks[field as keyof Input & string](value)
      : `is not known; known are ${Object.keys(checks).join(', ')}`;
    if (message !== undefined) problems.push({ field, message });
  }
  if (problems.length > 0) throw new ControlInputError(problems);
  return Object.fromEntries(members) as Input;
}
