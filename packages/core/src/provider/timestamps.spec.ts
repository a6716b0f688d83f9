import { jest } from '@jest/globals';
import { parseHttpDate, parseRetryAfter, parseTimestamp } from './timestamps.js';

describe('parseTimestamp', () => {
  it.each([
    ['2022-11-01T13:43:43.7826152Z', 1667310223782],
    ['2022-11-01T13:43:43.7826152', 1667310223782],
    ['2022-11-01 13:43:43.7Z', 1667310223700],
    ['2022-11-01t13:43:43z', 1667310223000],
    ['2022-11-01T14:43:43.782+01:00', 1667310223782],
    ['2022-11-01T12:43:43.782-0100', 1667310223782],
    [' 2022-11-01T13:43Z ', 1667310180000],
  ])('reads %s', (text, expected) => {
    expect(parseTimestamp(text)).toBe(expected);
  });

  it('never leaves the zone to the machine', () => {
    const parse = jest.spyOn(Date, 'parse');
    parseTimestamp('2022-11-01T13:43:43');
    expect(parse).toHaveBeenCalledWith('2022-11-01T13:43:43.000Z');
    parse.mockRestore();
  });

  it.each(['', 'soon', '2022', '1667310223782', '2022-13-01T00:00:00Z', '2022-11-01T25:00:00Z'])(
    'does not read %j',
    (text) => {
      expect(parseTimestamp(text)).toBeUndefined();
    },
  );

  it.each([null, undefined, 5, {}, []])('does not read %j', (value) => {
    expect(parseTimestamp(value)).toBeUndefined();
  });
});

describe('parseHttpDate', () => {
  it.each([
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
  ])('reads %s', (text) => {
    expect(parseHttpDate(text)).toBe(784111777000);
  });

  it.each([undefined, '', '1994', 'yesterday', '2022-11-01T13:43:43Z'])(
    'does not read %j',
    (text) => {
      expect(parseHttpDate(text)).toBeUndefined();
    },
  );
});

describe('parseRetryAfter', () => {
  const now = Date.parse('2024-01-01T00:00:00Z');

  it.each([
    ['7', 7000],
    [' 0 ', 0],
    ['1.5', 1500],
    ['Mon, 01 Jan 2024 00:00:30 GMT', 30_000],
    ['Sun, 31 Dec 2023 00:00:00 GMT', 0],
    ['31536000', 31_536_000_000],
    ['99999999999999999999', Number.MAX_SAFE_INTEGER],
  ])('reads %j as %d ms', (text, expected) => {
    expect(parseRetryAfter(text, now)).toBe(expected);
  });

  it.each([undefined, '', '-5', 'soon', '1e3', 'NaN'])('does not read %j', (text) => {
    expect(parseRetryAfter(text, now)).toBeUndefined();
  });
});
