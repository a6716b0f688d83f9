import { createCipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { type ConfigurationError, isConfigurationError } from '../errors/errors.js';
import { Keyring } from './keyring.js';
import { isSealError, type SealError } from './seal-error.js';

const CONTEXT = 'record-1|epoch-1';
const TEXT = Buffer.from('canary-refresh-token');
const A = { kid: 'a', key: Buffer.alloc(32, 1) };
const B = { kid: 'b', key: Buffer.alloc(32, 2) };

function failure(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

function sealFailure(action: () => unknown): SealError {
  const error = failure(action);
  if (!isSealError(error)) throw error;
  return error;
}

function problemsOf(action: () => unknown): ConfigurationError['problems'] {
  const error = failure(action);
  if (!isConfigurationError(error)) throw error;
  return error.problems;
}

describe('Keyring', () => {
  it('opens what it sealed, also nothing and much', () => {
    const keyring = new Keyring({ keys: [A] });
    for (const plaintext of [TEXT, Buffer.alloc(0), randomBytes(100_000)]) {
      expect(keyring.open(keyring.seal(plaintext, CONTEXT), CONTEXT).equals(plaintext)).toBe(true);
    }
  });

  it('draws a new nonce each time and hides the plaintext', () => {
    const keyring = new Keyring({ keys: [A] });
    const sealed = Array.from({ length: 50 }, () => keyring.seal(TEXT, CONTEXT));
    expect(new Set(sealed.map((bytes) => bytes.toString('hex', 3, 15))).size).toBe(50);
    expect(sealed.every((bytes) => !bytes.includes(TEXT))).toBe(true);
  });

  it('lays the envelope out as version, key id, nonce, ciphertext, tag', () => {
    const nonce = randomBytes(12);
    const header = Buffer.from([1, 1, 'a'.charCodeAt(0)]);
    const cipher = createCipheriv('aes-256-gcm', A.key, nonce);
    cipher.setAAD(Buffer.concat([header, Buffer.from(CONTEXT)]));
    const body = Buffer.concat([cipher.update(TEXT), cipher.final()]);
    const sealed = Buffer.concat([header, nonce, body, cipher.getAuthTag()]);
    expect(new Keyring({ keys: [A] }).open(sealed, CONTEXT)).toEqual(TEXT);
  });

  it('opens a view into a larger buffer', () => {
    const keyring = new Keyring({ keys: [A] });
    const sealed = keyring.seal(TEXT, CONTEXT);
    const larger = new Uint8Array(sealed.length + 20);
    larger.set(sealed, 7);
    expect(keyring.open(larger.subarray(7, 7 + sealed.length), CONTEXT)).toEqual(TEXT);
  });

  it('refuses any changed byte', () => {
    const keyring = new Keyring({ keys: [A, B] });
    const sealed = keyring.seal(TEXT, CONTEXT);
    for (let index = 0; index < sealed.length; index++) {
      for (const mask of [0x01, 0x80, 0x03]) {
        const changed = Buffer.from(sealed);
        changed[index] = (changed[index] ?? 0) ^ mask;
        expect(sealFailure(() => keyring.open(changed, CONTEXT)).code).toBe('unseal_failed');
      }
    }
  });

  it('refuses the id of another key that it holds', () => {
    const keyring = new Keyring({ keys: [A, { kid: 'b', key: A.key }] });
    const sealed = keyring.seal(TEXT, CONTEXT);
    sealed[2] = 'b'.charCodeAt(0);
    expect(sealFailure(() => keyring.open(sealed, CONTEXT)).reason).toBe('tampered');
  });

  it.each([4, 8, 12])('refuses a tag of %i bytes', (length) => {
    const keyring = new Keyring({ keys: [A] });
    // Sealed with the very key and a tag that is right, but short.
    const header = Buffer.from([1, 1, 'a'.charCodeAt(0)]);
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', A.key, nonce, { authTagLength: length });
    cipher.setAAD(Buffer.concat([header, Buffer.from(CONTEXT)]));
    const body = Buffer.concat([cipher.update(TEXT), cipher.final()]);
    const sealed = Buffer.concat([header, nonce, body, cipher.getAuthTag()]);
    expect(sealFailure(() => keyring.open(sealed, CONTEXT)).reason).toBe('tampered');
  });

  it('refuses every shortened value', () => {
    const keyring = new Keyring({ keys: [A] });
    const sealed = keyring.seal(TEXT, CONTEXT);
    for (let length = 0; length < sealed.length; length++) {
      const reason = sealFailure(() => keyring.open(sealed.subarray(0, length), CONTEXT)).reason;
      expect(reason).toBe(length < 3 + 12 + 16 ? 'malformed' : 'tampered');
    }
  });

  it('refuses another context, so values cannot be swapped', () => {
    const keyring = new Keyring({ keys: [A] });
    const first = keyring.seal(Buffer.from('one'), 'record-1|e');
    const second = keyring.seal(Buffer.from('two'), 'record-2|e');
    expect(sealFailure(() => keyring.open(first, 'record-2|e')).reason).toBe('tampered');
    expect(sealFailure(() => keyring.open(second, 'record-1|e')).reason).toBe('tampered');
    expect(sealFailure(() => keyring.open(second, '')).reason).toBe('tampered');
  });

  it('opens old values after a rotation and seals with the new key', () => {
    const old = new Keyring({ keys: [A] }).seal(TEXT, CONTEXT);
    const rotated = new Keyring({ keys: [B, A] });
    expect(rotated.primaryKid).toBe('b');
    expect(rotated.kidOf(old)).toBe('a');
    expect(rotated.open(old, CONTEXT)).toEqual(TEXT);
    const renewed = rotated.seal(TEXT, CONTEXT);
    expect(rotated.kidOf(renewed)).toBe('b');
    expect(new Keyring({ keys: [B] }).open(renewed, CONTEXT)).toEqual(TEXT);
  });

  it('names a key that is missing', () => {
    const sealed = new Keyring({ keys: [A] }).seal(TEXT, CONTEXT);
    const error = sealFailure(() => new Keyring({ keys: [B] }).open(sealed, CONTEXT));
    expect(error).toMatchObject({ reason: 'unknown_key', kid: 'a' });
    expect(error.message).toContain("'a'");
  });

  it('tells a wrong key of the same id from a missing one', () => {
    const sealed = new Keyring({ keys: [A] }).seal(TEXT, CONTEXT);
    const other = new Keyring({ keys: [{ kid: 'a', key: B.key }] });
    expect(sealFailure(() => other.open(sealed, CONTEXT)).reason).toBe('tampered');
  });

  it('does not change when the bytes that it was given do', () => {
    const key = Buffer.alloc(32, 5);
    const keyring = new Keyring({ keys: [{ kid: 'a', key }] });
    const sealed = keyring.seal(TEXT, CONTEXT);
    key.fill(0);
    expect(keyring.open(sealed, CONTEXT)).toEqual(TEXT);
  });

  it('keeps two ephemeral keyrings apart', () => {
    const sealed = Keyring.ephemeral().seal(TEXT, CONTEXT);
    expect(sealFailure(() => Keyring.ephemeral().open(sealed, CONTEXT)).reason).toBe('tampered');
    expect(Keyring.ephemeral().idHmac('x')).not.toBe(Keyring.ephemeral().idHmac('x'));
  });
});

describe('ids', () => {
  it('hang on the last key, so that sealing keys can be put in front', () => {
    const before = new Keyring({ keys: [A] }).idHmac('some key');
    expect(new Keyring({ keys: [B, A] }).idHmac('some key')).toBe(before);
    expect(new Keyring({ keys: [A, B] }).idHmac('some key')).not.toBe(before);
  });

  it('are HMAC-SHA256 under a key derived by HKDF-SHA256, for ever', () => {
    const idKey = hkdfSync('sha256', A.key, '', 'oauth-token id key v1', 32);
    const expected = createHmac('sha256', Buffer.from(idKey))
      .update('é', 'utf16le')
      .digest('base64url');
    expect(new Keyring({ keys: [A] }).idHmac('é')).toBe(expected);
    expect(expected).toBe('7z-tux9kC4mdjdCFCxk1umTCiAEYhDA2kkVtngoTRPs');
  });

  it('tell texts apart that are the same in UTF-8', () => {
    const keyring = new Keyring({ keys: [A] });
    expect(keyring.idHmac('\ud800')).not.toBe(keyring.idHmac('\udfff'));
  });

  it('hang on the key of ids alone when there is one', () => {
    const idKey = Buffer.alloc(32, 9);
    const id = new Keyring({ keys: [A], idKey }).idHmac('some key');
    expect(new Keyring({ keys: [B], idKey }).idHmac('some key')).toBe(id);
    expect(new Keyring({ keys: [A] }).idHmac('some key')).not.toBe(id);
  });
});

describe('Keyring.parse', () => {
  const text = `a:${A.key.toString('base64')},b:${B.key.toString('base64')}`;

  it('reads keys, the first of which seals', () => {
    const sealed = new Keyring({ keys: [B] }).seal(TEXT, CONTEXT);
    const keyring = Keyring.parse(` ${text}\n`);
    expect(keyring.primaryKid).toBe('a');
    expect(keyring.open(sealed, CONTEXT)).toEqual(TEXT);
    expect(keyring.idHmac('x')).toBe(new Keyring({ keys: [A, B] }).idHmac('x'));
  });

  it('takes base64url, and the key of ids as text or bytes', () => {
    const key = Buffer.alloc(32, 0xfb);
    const keyring = Keyring.parse(`a:${key.toString('base64url')}`, key.toString('base64'));
    expect(keyring.idHmac('x')).toBe(new Keyring({ keys: [A], idKey: key }).idHmac('x'));
    expect(keyring.idHmac('x')).toBe(Keyring.parse(text, key).idHmac('x'));
  });

  it.each([
    ['', ['TOKEN_KEYS[0]']],
    ['a', ['TOKEN_KEYS[0]']],
    [`${text},`, ['TOKEN_KEYS[2]']],
    [`:${A.key.toString('base64')}`, ['TOKEN_KEYS[0]']],
    [`a b:${A.key.toString('base64')}`, ['TOKEN_KEYS[0]']],
    [`${text},a:${A.key.toString('base64')}`, ['TOKEN_KEYS[2]']],
    ['a:c2hvcnQ=,b:bm90IGxvbmcgZW5vdWdo', ['TOKEN_KEYS[0]', 'TOKEN_KEYS[1]']],
    [`a:${randomBytes(33).toString('base64')}`, ['TOKEN_KEYS[0]']],
    [`a:${A.key.toString('base64')}:x`, ['TOKEN_KEYS[0]']],
  ])('names every wrong entry of %j', (setting, paths) => {
    expect(problemsOf(() => Keyring.parse(setting)).map(({ path }) => path)).toEqual(paths);
  });

  it('refuses a bad key of ids', () => {
    expect(problemsOf(() => Keyring.parse(text, 'c2hvcnQ='))[0]?.path).toBe('TOKEN_ID_KEY');
  });
});

describe('settings of a Keyring', () => {
  it('are all named when they are wrong', () => {
    const keys = [
      { kid: '', key: Buffer.alloc(31) },
      { kid: 'x', key: Buffer.alloc(33) },
      { kid: 'x', key: A.key },
    ];
    const paths = problemsOf(() => new Keyring({ keys, idKey: Buffer.alloc(16) })).map(
      ({ path }) => path,
    );
    expect(paths).toEqual(['keys[0].kid', 'keys[0].key', 'keys[1].key', 'keys[2].kid', 'idKey']);
    expect(problemsOf(() => new Keyring({ keys: [] }))[0]?.path).toBe('keys');
  });
});

describe('secrets of a Keyring', () => {
  const secret = 'canary-key-canary-key-canary-key';
  const encodings = (bytes: Buffer): string[] => [
    bytes.toString('utf8'),
    bytes.toString('base64'),
    bytes.toString('hex'),
    inspect(bytes).slice(8, 40),
  ];

  it('show nowhere', () => {
    const keyring = Keyring.parse(`k1:${Buffer.from(secret).toString('base64')}`);
    const shown = [
      inspect(keyring, { depth: 10, showHidden: true, customInspect: false }),
      inspect({ keyring }, { depth: 10 }),
      JSON.stringify({ keyring }),
    ].join('\n');
    expect(shown).toContain('k1');
    for (const encoded of encodings(Buffer.from(secret))) expect(shown).not.toContain(encoded);
  });

  it('show in no error', () => {
    const keyring = new Keyring({ keys: [{ kid: 'k1', key: Buffer.from(secret) }] });
    const sealed = keyring.seal(TEXT, CONTEXT);
    const errors = [
      failure(() => keyring.open(sealed, 'canary-context')),
      failure(() => new Keyring({ keys: [A] }).open(sealed, CONTEXT)),
      failure(() => Keyring.parse(`k1:${secret}:`)),
      failure(() => Keyring.parse(`k1:${secret}`)),
      failure(() => Keyring.parse(secret)),
      failure(() => Keyring.parse(`${secret}!:${secret}`)),
      failure(() => new Keyring({ keys: [{ kid: 'k1', key: Buffer.from(`${secret}1`) }] })),
    ];
    const shown = errors
      .map((error) => `${inspect(error, { depth: 10 })}${JSON.stringify(error)}${String(error)}`)
      .join('\n');
    expect(shown).not.toContain('canary-context');
    for (const bytes of [Buffer.from(secret), TEXT]) {
      for (const encoded of encodings(bytes)) expect(shown).not.toContain(encoded);
    }
  });
});
