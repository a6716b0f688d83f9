import { z } from 'zod';
import { strict, text } from './schema-parts.js';

/** Longer ones are no names. */
const MOST_CHARACTERS = 512;

const name = text.max(MOST_CHARACTERS, `has more than ${MOST_CHARACTERS} characters.`);

/** The members that say which token. */
export const keyMembers = { registrationId: name, subject: name.exactOptional() };

/** Whose token, beside the registration that the path names. */
export const subjectSchema = strict({ subject: name.exactOptional() });

/** The same in a body, which may be left out. */
export const subjectBodySchema = subjectSchema.default({});

/** Which page of a list. */
export const pageSchema = strict({ cursor: name.exactOptional() });

/** A message that names a token. The key was looked at before. */
export const keyMessageSchema = strict({ ...keyMembers, apiKey: z.unknown().exactOptional() });

/** Which token a message names. */
export type KeyMessage = z.infer<typeof keyMessageSchema>;

/** Whose token. */
export type SubjectInput = z.infer<typeof subjectSchema>;
