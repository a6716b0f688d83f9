import { pathText } from '../input/zod-problems.js';
import type { ProblemList } from './problem-list.js';

/**
 * `${NAME}` may stand where YAML would read its braces as a map, such as in `{ password: ${NAME} }`. So it is masked by
 * characters that mean nothing to YAML before the file is parsed, as many as there were, and filled in afterwards:
 * what the environment holds is never read as YAML.
 */
const MASK = { dollar: '\uE000', open: '\uE001', close: '\uE002', literal: '\uE003' } as const;

const WRITTEN = /\$\$\{|\$\{([A-Za-z_]\w*)\}/g;
const MASKED = /\uE000\uE001(\w+)\uE002/g;

/** What stands in for a variable that is not set, so that the rest can be judged. */
const STAND_IN = 'unset';

/**
 * Masks `${NAME}`, and `$${`, which stands for `${` itself.
 *
 * @internal
 */
export function maskVariables(text: string): string {
  return text.replace(WRITTEN, (_, name?: string) =>
    name === undefined ? MASK.literal.repeat(3) : `${MASK.dollar}${MASK.open}${name}${MASK.close}`,
  );
}

/**
 * Fills the variables in, in every text of a parsed file. A variable that is not set is a problem at its path.
 *
 * @internal
 */
export function fillVariables(
  tree: unknown,
  environment: NodeJS.ProcessEnv,
  problems: ProblemList,
): unknown {
  const fill = (value: unknown, path: string): unknown => {
    if (typeof value === 'string') return fillText(value, path);
    if (Array.isArray(value)) {
      return value.map((item, index) => fill(item, pathText(path, [index])));
    }
    if (typeof value !== 'object' || value === null) return value;
    const members = Object.entries(value).map(([name, member]) => [
      // A name takes no variables; it is only written back as it was.
      unmask(name),
      fill(member, pathText(path, [unmask(name)])),
    ]);
    return Object.fromEntries(members) as unknown;
  };
  const fillText = (text: string, path: string): string => {
    const filled = text.replace(MASKED, (_, name: string) => {
      const value = environment[name];
      if (value !== undefined) return value;
      problems.add(path, `the environment variable ${name} is not set.`);
      return STAND_IN;
    });
    return filled.replaceAll(MASK.literal.repeat(3), '${');
  };
  return fill(tree, '');
}

const unmask = (name: string): string =>
  name
    .replace(MASKED, (_, variable: string) => `\${${variable}}`)
    .replaceAll(MASK.literal.repeat(3), '${');
