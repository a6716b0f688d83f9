import type { PipeTransform } from '@nestjs/common';
import type { z } from 'zod';
import { InvalidRequestError } from '../errors/demo-errors.js';
import { zodProblems } from './zod-problems.js';

/** Lets pass what a schema allows, and names every field that it does not. */
export class InputPipe<Value> implements PipeTransform<unknown, Value> {
  constructor(private readonly schema: z.ZodType<Value>) {}

  /** @throws {@link InvalidRequestError} */
  transform(input: unknown): Value {
    const result = this.schema.safeParse(input);
    if (result.success) return result.data;
    throw new InvalidRequestError(zodProblems(result.error));
  }
}
