import { toFormData } from 'axios';
import { Readable } from 'node:stream';
import { isReplayableBody } from './replayable-body.js';

describe('isReplayableBody', () => {
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['text', 'a=b'],
    ['empty text', ''],
    ['Buffer', Buffer.from('a')],
    ['ArrayBuffer', new ArrayBuffer(2)],
    ['a view', new Uint16Array(2)],
    ['DataView', new DataView(new ArrayBuffer(2))],
    ['URLSearchParams', new URLSearchParams({ a: 'b' })],
    ['Blob', new Blob(['a'])],
    ['FormData', new FormData()],
  ])('%s can be sent again', (_name, data) => {
    expect(isReplayableBody(data)).toBe(true);
  });

  it.each([
    ['a stream', Readable.from(['a'])],
    ['a web stream', new ReadableStream()],
    ['a form of the form-data package', toFormData({ a: 'b' })],
    ['an object that no transform encoded', { a: 'b' }],
    ['a number', 1],
  ])('%s cannot', (_name, data) => {
    expect(isReplayableBody(data)).toBe(false);
  });
});
