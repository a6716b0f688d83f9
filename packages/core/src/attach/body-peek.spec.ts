import type { AxiosResponse } from 'axios';
import { Readable } from 'node:stream';
import { MOST_PEEKED, peekAxiosBody, peekBody } from './body-peek.js';

const long = 'x'.repeat(MOST_PEEKED * 3);
const responseWith = (data: unknown): AxiosResponse<unknown> =>
  ({ data }) as unknown as AxiosResponse<unknown>;
const chunks = (text: string): Buffer[] => [
  Buffer.from(text.slice(0, 7)),
  Buffer.from(text.slice(7)),
];

async function textOf(data: unknown): Promise<string> {
  if (data instanceof ReadableStream)
    return new Response(data as ReadableStream<Uint8Array>).text();
  if (data instanceof Blob) return data.text();
  if (data instanceof Readable) {
    const read: Buffer[] = [];
    for await (const chunk of data) read.push(chunk as Buffer);
    return Buffer.concat(read).toString();
  }
  if (data instanceof ArrayBuffer) return Buffer.from(data).toString();
  return (data as Buffer | string).toString();
}

describe.each([['short'], [long]])('a body', (text) => {
  it.each<[string, () => unknown]>([
    ['text', () => text],
    ['a Buffer', () => Buffer.from(text)],
    ['an ArrayBuffer', () => new TextEncoder().encode(text).buffer],
    ['a Blob', () => new Blob([text])],
    ['a stream', () => Readable.from(chunks(text))],
    ['a web stream', () => new Response(text).body],
  ])('that is %s is looked at and left whole', async (_name, make) => {
    const response = responseWith(make());
    expect(await peekAxiosBody(response)).toBe(text.slice(0, MOST_PEEKED));
    expect(await textOf(response.data)).toBe(text);
  });

  it('of fetch is looked at and left whole', async () => {
    const response = new Response(text);
    expect(await peekBody(response)).toBe(text.slice(0, MOST_PEEKED));
    expect(await response.text()).toBe(text);
  });
});

it('says nothing of what is no body', async () => {
  expect(await peekAxiosBody(responseWith({ parsed: true }))).toBe('');
  expect(await peekAxiosBody(responseWith(undefined))).toBe('');
  expect(await peekBody(new Response(null))).toBe('');
});

it('leaves the error of a broken stream to who reads it', async () => {
  async function* broken(): AsyncGenerator<Buffer> {
    yield Buffer.from('begun');
    await Promise.resolve();
    throw new Error('cut off');
  }
  const response = responseWith(Readable.from(broken()));
  expect(await peekAxiosBody(response)).toBe('begun');
  await expect(textOf(response.data)).rejects.toThrow('cut off');
});

it('lets go of the stream when its reader does', async () => {
  const stream = Readable.from(chunks(long));
  const response = responseWith(stream);
  await peekAxiosBody(response);
  const closed = new Promise((resolve) => stream.once('close', resolve));
  (response.data as Readable).destroy();
  await closed;
});
