/** What stands where a secret was. */
const REDACTED = '[redacted]';

/** Marks where a text was cut. @internal */
export const ELLIPSIS = '\u2026';

/** Shorter secrets are only taken out where they stand alone, or they would tear every word apart. */
const SHORT = 4;

const lowerHex = (text: string): string =>
  text.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase());

/** Percent-encodings in use: of forms, of `encodeURIComponent`, and of RFC 3986. */
function percentEncoded(secret: string): readonly string[] {
  const form = new URLSearchParams([['v', secret]]).toString().slice(2);
  const strict = form.replaceAll('+', '%20').replaceAll('*', '%2A');
  const component = strict.replace(/%(?:21|27|28|29|2A|7E)/g, (escape) =>
    String.fromCharCode(Number.parseInt(escape.slice(1), 16)),
  );
  const encodings = [form, strict, strict.replaceAll('%7E', '~'), component];
  return encodings.flatMap((encoded) => [encoded, lowerHex(encoded)]);
}

const base64Encoded = (secret: string): readonly string[] => {
  const padded = Buffer.from(secret, 'utf8').toString('base64');
  return [padded, padded.replace(/=+$/, ''), Buffer.from(secret, 'utf8').toString('base64url')];
};

const htmlEncoded = (secret: string): string =>
  secret
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');

const formsOf = (secret: string): readonly string[] => [
  secret,
  ...percentEncoded(secret),
  ...base64Encoded(secret),
  htmlEncoded(secret),
];

const isWordCharacter = (text: string, index: number): boolean =>
  /[\p{L}\p{N}]/u.test(text.charAt(index));

function redactAlone(text: string, secret: string): string {
  let result = text;
  let index = result.indexOf(secret);
  while (index !== -1) {
    const end = index + secret.length;
    const alone = !isWordCharacter(result, index - 1) && !isWordCharacter(result, end);
    if (alone) result = result.slice(0, index) + REDACTED + result.slice(end);
    index = result.indexOf(secret, alone ? index + REDACTED.length : index + 1);
  }
  return result;
}

/** Takes the beginning of a secret off the end of a text. */
function redactEnd(text: string, secret: string): string {
  for (let length = Math.min(secret.length - 1, text.length); length >= SHORT; length -= 1) {
    if (text.endsWith(secret.slice(0, length))) return text.slice(0, -length) + REDACTED;
  }
  return text;
}

/** Takes out the beginning of a secret wherever a text was cut in its midst. */
function redactCut(text: string, secret: string): string {
  const parts = text.split(ELLIPSIS);
  const last = parts.pop() ?? '';
  return [...parts.map((part) => redactEnd(part, secret)), last].join(ELLIPSIS);
}

/**
 * A text without secrets: each is taken out as it is, percent-encoded, base64-encoded or HTML-escaped, also when the text was cut
 * in its midst.
 *
 * @param text - what a server said
 * @param secrets - the credentials that it was told, raw
 * @internal
 */
export function redactSecrets(text: string, secrets: readonly string[]): string {
  const forms = [...new Set(secrets.flatMap(formsOf))]
    .filter((form) => form !== '')
    .sort((one, other) => other.length - one.length);
  return forms.reduce((result, form) => {
    if (form.length < SHORT) return redactAlone(result, form);
    return redactCut(result.replaceAll(form, REDACTED), form);
  }, text);
}

/**
 * A text without anything that looks like a JWT.
 *
 * @internal
 */
export function redactJwts(text: string): string {
  return text.replace(/eyJ[\w-]+(?:\.[\w-]+)*/g, REDACTED);
}
