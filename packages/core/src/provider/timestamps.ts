const TIMESTAMP =
  /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?(?:[.,](\d{1,12}))?(Z|[+-]\d{2}:?\d{2})?$/i;

/** The three forms of RFC 9110, section 5.6.7, of which the last (asctime) has no zone and means GMT. */
const HTTP_DATE =
  /^(?:[a-z]{3,9}, \d{2}[ -][a-z]{3}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT|[a-z]{3} [a-z]{3} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/i;

const finite = (value: number): number | undefined => (Number.isFinite(value) ? value : undefined);

/** `+0100` as the language's own format wants it. */
const zoneOf = (zone: string): string =>
  zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase();

/**
 * Reads an ISO 8601 timestamp, epoch ms; `undefined` when it is none.
 *
 * .NET writes seven fraction digits (cut to three here, as the language's own format has it) and may leave out the zone,
 * which means UTC and not local time.
 *
 * @internal
 */
export function parseTimestamp(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  const match = TIMESTAMP.exec(value.trim());
  if (match === null) return undefined;
  const [, date = '', minutes = '', seconds = ':00', fraction = '', zone = 'Z'] = match;
  const milliseconds = fraction.slice(0, 3).padEnd(3, '0');
  return finite(Date.parse(`${date}T${minutes}${seconds}.${milliseconds}${zoneOf(zone)}`));
}

/**
 * Reads an HTTP date (RFC 9110, section 5.6.7), epoch ms; `undefined` when it is none.
 *
 * @internal
 */
export function parseHttpDate(value: string | undefined): number | undefined {
  const text = value?.trim();
  if (text === undefined || !HTTP_DATE.test(text)) return undefined;
  return finite(Date.parse(text.toUpperCase().endsWith('GMT') ? text : `${text} GMT`));
}

/**
 * Reads `Retry-After` (RFC 9110, section 10.2.3), ms from now on; `undefined` when it is absent or garbage. Not clamped, never negative.
 *
 * @param value - the header
 * @param now - the server's time, to count a date from, epoch ms
 * @internal
 */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  const text = value?.trim();
  if (text === undefined) return undefined;
  if (/^\d{1,20}(?:\.\d{1,9})?$/.test(text)) {
    return Math.min(Math.ceil(Number(text) * 1000), Number.MAX_SAFE_INTEGER);
  }
  const date = parseHttpDate(text);
  return date === undefined ? undefined : Math.max(0, date - now);
}
