import { z } from 'zod';

/**
 * A text that is not empty. The messages never repeat the value, which may be a secret.
 *
 * @internal
 */
export const text = z
  .string({
    error: ({ input }) =>
      input === undefined ? 'is missing.' : 'must be a text (put numbers and the like in quotes).',
  })
  .min(1, 'is empty.');

/**
 * An object without further members: a typing error is named, together with what is known there.
 *
 * @internal
 */
export function strict<Shape extends z.ZodRawShape>(
  shape: Shape,
): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: ({ code }) =>
      code === 'unrecognized_keys' ? `is not known here; known: ${known}.` : undefined,
  });
}
