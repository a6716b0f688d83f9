import { isSecureEndpoint } from './secure-endpoint.js';

describe('isSecureEndpoint', () => {
  it.each([
    'https://example.com/token',
    'http://localhost:4000',
    'http://LOCALHOST',
    'http://127.0.0.1',
    'http://127.8.9.10',
    'http://127.1',
    'http://0x7f000001',
    'http://[::1]:80',
  ])('is true of %s', (url) => {
    expect(isSecureEndpoint(url)).toBe(true);
  });

  it.each([
    'http://example.com',
    'http://127.0.0.1.example.com',
    'http://localhost.example.com',
    'http://localhost@example.com',
    'http://128.0.0.1',
    'http://0.0.0.0',
    'http://[::2]',
    'ws://127.0.0.1',
    'file:///etc/hosts',
    'not a url',
  ])('is false of %s', (url) => {
    expect(isSecureEndpoint(url)).toBe(false);
  });
});
